/**
 * The seed proof of concept: `npm run poc [-- --base IMAGE]`. One seeder publishes the default model in a container,
 * three leechers in containers of their own fetch it from it and from each other; every container's copy is compared
 * with the source. Exit code 0: all is right; 1: something is not; 2: no model; 3: no container engine.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BitorchError, codeOf, messageOf, toHex } from '#base';
import { openSource } from '#distribution';
import type { NetworkView } from '#node';
import { ProgressBoard } from '../src/cli/progress.ts';
import { Composition, LEECHERS, SEEDER } from './poc/composition.ts';
import { findEngine } from './poc/engine.ts';
import { buildImage } from './poc/image.ts';
import { findFaults, formatReport, formatTransfer, type Outcome } from './poc/report.ts';

const CACHE = join(import.meta.dirname, '../.data/cache');
const IMAGE = 'bitorch';
const TIME_LIMIT_MINUTES = 8;
const EXIT_CODES: Record<string, number> = { MODEL_UNREACHABLE: 2, ENGINE_MISSING: 3 };

const board = new ProgressBoard();
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => interrupted.abort(new Error(`stopped by ${name}`)));
}
const timeout = new AbortController();
const signal = AbortSignal.any([interrupted.signal, timeout.signal]);

try {
  process.exitCode = await prove();
} catch (error) {
  const reason = signal.aborted ? signal.reason : error;
  process.stderr.write(`poc: ${messageOf(reason)} [${codeOf(reason)}]\n`);
  process.exitCode = EXIT_CODES[codeOf(reason)] ?? 1;
}

async function prove(): Promise<number> {
  const { values } = parseArgs({ options: { base: { type: 'string', default: 'node:24-bookworm-slim' } } });
  const engine = await findEngine(signal);
  const onProgress = (progress: Parameters<ProgressBoard['update']>[1]) => board.update('source', progress);
  const source = await openSource('default', { cache: CACHE, onProgress, signal });
  board.close();
  await timed(`built the image from ${values.base}`, () =>
    buildImage(engine, { name: IMAGE, base: values.base }, { signal }),
  );

  const composition = new Composition({ engine, image: IMAGE, source, signal });
  await composition.down();
  const tooLate = new BitorchError('TIMEOUT', `the trial was not over after ${TIME_LIMIT_MINUTES} minutes`);
  setTimeout(() => timeout.abort(tooLate), TIME_LIMIT_MINUTES * 60_000).unref();
  try {
    const expected = new Map(source.files.map(({ path, sha256 }) => [path, toHex(sha256)]));
    const outcomes = await spread(composition, [...expected.keys()]);
    const [seeder, ...leechers] = outcomes as [Outcome, ...Outcome[]];
    const bytes = source.files.reduce((sum, { size }) => sum + size, 0);
    const trial = { model: source.name, bytes, expected, seeder, leechers };
    const faults = findFaults(trial);
    print(`\n${formatReport(trial)}\n`);
    for (const fault of faults) print(`✘ ${fault}`);
    if (faults.length === 0) print('✔ every container holds the model, bit for bit');
    return faults.length === 0 ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) await explain(composition);
    throw error;
  } finally {
    await timed('removed the containers, their disks and their network', () => composition.down());
  }
}

/** Lets the model flow; the seeder's outcome first. */
async function spread(composition: Composition, paths: readonly string[]): Promise<Outcome[]> {
  await timed('published the model in the seeder', () => composition.startSeeder());
  const startedAt = performance.now();
  await composition.startLeechers();
  const seconds = new Map<string, number>();
  await Promise.all(
    LEECHERS.map(async (service) => {
      await composition.watch(service, (view) => showProgress(service, view));
      seconds.set(service, (performance.now() - startedAt) / 1000);
    }),
  );
  board.close();
  const outcomes: Outcome[] = [];
  for (const service of [SEEDER, ...LEECHERS]) {
    const { transfers } = await composition.watch(service);
    const took = seconds.get(service);
    const hashes = await composition.hashes(service, paths);
    outcomes.push({ service, transfer: transfers[0]!, hashes, ...(took !== undefined && { seconds: took }) });
  }
  return outcomes;
}

/** Says how far the nodes had come and what they wrote. */
async function explain(composition: Composition): Promise<void> {
  board.close();
  print('');
  for (const [service, { transfers }] of composition.lastViews) {
    for (const transfer of transfers) print(`  ${formatTransfer(service, transfer)}`);
  }
  print(`\n${await composition.logs()}`);
}

function showProgress(service: string, { transfers: [transfer] }: NetworkView): void {
  if (!transfer) return;
  const { bytesHave: done, bytesTotal: total } = transfer;
  board.update(service, { step: 'fetching', done, total, unit: 'bytes' });
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await work();
  print(`  ${what} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
