import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '#base';
import { runInSandbox, type SandboxOutcome, sandboxAvailability } from '../sandbox/index.ts';
import { type Engine, type EngineFile, type EngineResult, MAX_HITS, plain } from './engine.ts';

const PROGRAM = '/usr/bin/yara';
const RULES = fileURLToPath(new URL('./rules.yar', import.meta.url));
const RULES_PATH = '/scan/rules.yar';
const LIST_PATH = '/scan/list';
const MODEL_PATH = '/scan/model';
/** Time limit of a run, plus time per byte for a slow disk. */
const SECONDS = 600;
const BYTES_PER_SECOND = 5_000_000;
const MAX_OUTPUT_BYTES = 1 << 20;

export interface YaraOptions {
  /** Path of a file of rules; the built-in rules if absent. */
  readonly rules?: string;
}

/**
 * YARA rules, matched by the `yara` program. It parses hostile files in C, so it runs in the sandbox, once for all
 * files. A run that fails is blamed on the files if the same rules run over no files succeed.
 */
export class Yara implements Engine {
  readonly name = 'YARA';
  readonly #rules: string;

  constructor({ rules }: YaraOptions = {}) {
    this.#rules = rules ?? RULES;
  }

  async check(files: readonly EngineFile[], signal: AbortSignal): Promise<EngineResult> {
    const result = { engine: this.name, version: '', note: '', hits: [] };
    if (!existsSync(PROGRAM)) return { ...result, state: 'missing', note: 'Install the package yara.' };
    const sandbox = await sandboxAvailability();
    if (!sandbox.available) {
      return { ...result, state: 'missing', note: plain(`It runs only in the sandbox: ${sandbox.reason}`) };
    }
    const folder = await mkdtemp(join(tmpdir(), 'bitorch-yara-'));
    try {
      const version = plain(outputOf(await this.#run(['--version'], [], SECONDS, signal)));
      outputOf(await this.#scan(folder, [], signal));
      const hits = hitsOf(files, await this.#scan(folder, files, signal));
      return {
        ...result,
        version,
        state: hits.length > 0 ? 'found' : 'clean',
        hits: hits.slice(0, MAX_HITS),
      };
    } catch (error) {
      signal.throwIfAborted();
      return { ...result, state: 'failed', note: plain(messageOf(error)) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #scan(folder: string, files: readonly EngineFile[], signal: AbortSignal): Promise<SandboxOutcome> {
    const list = join(folder, 'list');
    await writeFile(list, files.map(({ path }) => `${MODEL_PATH}/${path}\n`).join(''), { mode: 0o644 });
    const sizes = await Promise.all(files.map(async ({ location }) => (await stat(location)).size));
    const seconds = SECONDS + Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / BYTES_PER_SECOND);
    const mounts = [
      { path: this.#rules, at: RULES_PATH },
      { path: list, at: LIST_PATH },
      ...foldersOf(files).map((path) => ({ path, at: MODEL_PATH })),
    ];
    const args = ['--no-warnings', `--timeout=${seconds}`, '--scan-list', RULES_PATH, LIST_PATH];
    return this.#run(args, mounts, seconds, signal);
  }

  #run(
    args: string[],
    readOnly: { path: string; at: string }[],
    seconds: number,
    signal: AbortSignal,
  ): Promise<SandboxOutcome> {
    return runInSandbox({
      command: [PROGRAM, ...args],
      readOnly,
      limits: { timeMs: (seconds + 10) * 1000, cpuSeconds: 64 * seconds, outputBytes: MAX_OUTPUT_BYTES },
      signal,
    });
  }
}

/** The folder that contains all files at their paths; none for no files. Throws if there is no such folder. */
function foldersOf(files: readonly EngineFile[]): string[] {
  const folders = new Set(files.map(({ path, location }) => location.slice(0, -path.length)));
  const fit = files.every(({ path, location }) => location.endsWith(path) && !/[\r\n]/.test(path));
  if (!fit || folders.size > 1)
    throw new Error('the files are not in one folder, or a name contains a line break');
  return [...folders];
}

function outputOf({ ending, exitCode, output, errors }: SandboxOutcome): string {
  if (ending === 'exited' && exitCode === 0) return Buffer.from(output).toString('utf8');
  throw new Error(`yara ended (${ending} ${exitCode ?? ''}): ${plain(errors)}`);
}

/** Parses lines of rule name, space and path. An abnormal end of the program is a hit without a file. */
function hitsOf(files: readonly EngineFile[], outcome: SandboxOutcome): { path: string; name: string }[] {
  const { ending, exitCode, output, errors } = outcome;
  const rules = new Map(files.map(({ path }): [string, string[]] => [`${MODEL_PATH}/${path}`, []]));
  for (const line of Buffer.from(output).toString('utf8').split('\n')) {
    const space = line.indexOf(' ');
    rules.get(line.slice(space + 1))?.push(plain(line.slice(0, space)));
  }
  const hits = files.flatMap(({ path }) =>
    rules.get(`${MODEL_PATH}/${path}`)!.map((name) => ({ path, name })),
  );
  if (ending === 'exited' && exitCode === 0) return hits;
  if (/: could not open file$/m.test(errors)) throw new Error(`yara ended: ${plain(errors)}`);
  return [...hits, { path: '', name: plain(`ended the scanner (${ending} ${exitCode ?? ''}) ${errors}`) }];
}
