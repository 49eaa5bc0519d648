import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messageOf } from '#base';
import { runInSandbox, sandboxAvailability } from '../sandbox/index.ts';
import { type Engine, type EngineFile, type EngineResult, MAX_HITS, plain } from './engine.ts';

const PROGRAM = '/usr/bin/yara';
const RULES = fileURLToPath(new URL('./rules.yar', import.meta.url));
const FILE_SECONDS = 300;

export interface YaraOptions {
  /** A file of rules; ours when absent. */
  readonly rules?: string;
}

/** YARA rules, by the `yara` program, which reads hostile files with C and so runs in the sandbox. */
export class Yara implements Engine {
  readonly name = 'YARA';
  readonly #rules: string;

  constructor({ rules }: YaraOptions = {}) {
    this.#rules = rules ?? RULES;
  }

  async check(files: readonly EngineFile[], signal: AbortSignal): Promise<EngineResult> {
    const result = { engine: this.name, version: '', hits: [] };
    if (!existsSync(PROGRAM)) return { ...result, state: 'missing', note: 'Install the package yara.' };
    const sandbox = await sandboxAvailability();
    if (!sandbox.available) {
      return { ...result, state: 'missing', note: plain(`It runs only in the sandbox: ${sandbox.reason}`) };
    }
    try {
      const version = plain(await this.#run(['--version'], [], signal));
      const hits: { path: string; name: string }[] = [];
      for (const file of files) hits.push(...(await this.#checkOne(file, signal)));
      return {
        ...result,
        version,
        state: hits.length > 0 ? 'found' : 'clean',
        note: '',
        hits: hits.slice(0, MAX_HITS),
      };
    } catch (error) {
      signal.throwIfAborted();
      return { ...result, state: 'failed', note: plain(messageOf(error)) };
    }
  }

  /** One file a run: names of files may hold anything, so the output is read up to its first space only. */
  async #checkOne({ path, location }: EngineFile, signal: AbortSignal) {
    const readOnly = [
      { path: location, at: '/scan/file' },
      { path: this.#rules, at: '/scan/rules.yar' },
    ];
    const args = ['--no-warnings', `--timeout=${FILE_SECONDS}`, '/scan/rules.yar', '/scan/file'];
    const output = await this.#run(args, readOnly, signal);
    const names = output.split('\n').filter((line) => line !== '');
    return names.map((line) => ({ path, name: plain(line.split(' ', 1)[0]!) }));
  }

  async #run(args: string[], readOnly: { path: string; at: string }[], signal: AbortSignal): Promise<string> {
    const limits = { timeMs: (FILE_SECONDS + 10) * 1000, outputBytes: 64 * 1024 };
    const { ending, exitCode, output, errors } = await runInSandbox({
      command: [PROGRAM, ...args],
      readOnly,
      limits,
      signal,
    });
    if (ending === 'exited' && exitCode === 0) return Buffer.from(output).toString('latin1');
    throw new Error(`yara ended (${ending} ${exitCode ?? ''}): ${plain(errors)}`);
  }
}
