/**
 * Runs the tests: `node scripts/test.ts [tier|file …]`, all tiers but `long` and `nat` when none is named. Three jobs run at a time: the
 * tests of a room in a fast tier share one process, every other file has one of its own. A job's output is printed when it ends; a
 * socket, timer or process that outlives its test fails the job.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';

const FAST = ['unit', 'property', 'vectors'];
const ISOLATED = ['e2e', 'swarm', 'interop', 'long', 'nat'];
/** Tiers that run only when they are named. */
const ON_DEMAND = ['long', 'nat'];
/** Jobs at a time: what waits for timers and processes leaves a core to another. */
const WORKERS = 3;
const TIMEOUT_MS = 300_000;
/** A job that has not ended by then is killed, and fails. A room's fast tests take a minute at most, even on a busy machine. */
const JOB_TIMEOUT_MS = { none: 300_000, process: 900_000 };

interface Job {
  readonly name: string;
  readonly files: string[];
  readonly isolation: 'none' | 'process';
}

const filesOf = (tier: string): string[] => globSync(`test/${tier}/**/*.test.ts`).sort();

/** The tier and the room that a test belongs to: `test/unit/ledger`. */
const roomOf = (path: string): string =>
  path
    .split('/')
    .slice(0, 3)
    .join('/')
    .replace(/\/[^/]*\.test\.ts$/, '');

function jobsOf(asked: readonly string[]): Job[] {
  const unknown = asked.filter((name) => !name.endsWith('.ts') && ![...FAST, ...ISOLATED].includes(name));
  if (unknown.length > 0) throw new Error(`no such tier: ${unknown.join(', ')}`);
  const wanted = (tier: string) => (asked.length === 0 ? !ON_DEMAND.includes(tier) : asked.includes(tier));
  const fast = FAST.filter(wanted).flatMap((tier) =>
    [...Map.groupBy(filesOf(tier), roomOf)].map(([name, files]): Job => ({ name, files, isolation: 'none' })),
  );
  const files = [
    ...asked.filter((name) => name.endsWith('.ts')),
    ...ISOLATED.filter(wanted).flatMap(filesOf),
  ];
  const isolated = files.map((name): Job => ({ name, files: [name], isolation: 'process' }));
  return [...fast, ...isolated];
}

/** The job's output and whether it passed. */
function run({ files, isolation }: Job): Promise<{ passed: boolean; output: string }> {
  const flags = [
    '--test',
    `--test-isolation=${isolation}`,
    '--test-concurrency=1',
    `--test-timeout=${TIMEOUT_MS}`,
    '--test-reporter=spec',
  ];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...flags, ...files], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: JOB_TIMEOUT_MS[isolation],
      killSignal: 'SIGKILL',
    });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => resolve({ passed: code === 0, output: Buffer.concat(output).toString() }));
  });
}

/** The runner's own count: the last one, since a test may print what other runners say. */
const countOf = (name: string, output: string): number =>
  Number([...output.matchAll(new RegExp(`^ℹ ${name} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0);

const started = performance.now();
const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`;
const waiting = jobsOf(process.argv.slice(2));
const failed: string[] = [];
const counts = { tests: 0, pass: 0, fail: 0, skipped: 0 };

async function work(): Promise<void> {
  for (let job = waiting.shift(); job; job = waiting.shift()) {
    const from = performance.now();
    const { passed, output } = await run(job);
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += countOf(name, output);
    if (!passed) failed.push(job.name);
    process.stdout.write(`\n── ${job.name}: ${passed ? 'passed' : 'FAILED'} in ${seconds(from)}\n${output}`);
  }
}

await Promise.all(Array.from({ length: WORKERS }, work));
const { tests, pass, fail, skipped } = counts;
process.stdout.write(`\n── all of it in ${seconds(started)}\n`);
for (const [name, count] of Object.entries({ tests, pass, fail, skipped }))
  process.stdout.write(`ℹ ${name} ${count}\n`);
for (const name of failed) process.stdout.write(`✖ ${name}\n`);
process.exit(failed.length > 0 || tests === 0 ? 1 : 0);
