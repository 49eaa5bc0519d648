import { access, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { BitorchError, check, encodeCanonical, type OnProgress } from '#base';
import { fileAccess, readSafetensors } from '#formats';
import { convertRefused } from '../errors.ts';
import { printable } from '../inspect/inspection.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { ownProgram, runInSandbox, type SandboxOutcome, sandboxAvailability } from '../sandbox/index.ts';
import { convertCheckpoint } from './convert.ts';
import { CHECKPOINT_AT, type ConvertOutcome, outcomeSchema } from './messages.ts';

const GIBIBYTE = 2 ** 30;
/** Without a byte more for this long a slow disk is not what it waits for. */
const SPARE_MS = 120_000;
const BYTES_PER_MS = 5_000;
const LOOK_MS = 250;

export interface ConvertFileOptions {
  readonly input: string;
  readonly output: string;
  /** Whether the output may be replaced. */
  readonly force: boolean;
  /** Whether the reader is shut in; a machine without a sandbox needs an explicit no. */
  readonly sandbox: boolean;
  readonly ruleset: Ruleset;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Turns a checkpoint on disk into a .safetensors file, which is there whole or not at all. The reader runs in the
 * sandbox, sees the checkpoint and nothing else, and writes into the one open file; what it wrote is then held
 * against the format. Throws CONVERT_REFUSED, SANDBOX_UNAVAILABLE, OPTION_INVALID.
 */
export async function convertFile(options: ConvertFileOptions): Promise<{ tensors: number; bytes: number }> {
  const { input, output, force, sandbox } = options;
  if (!force && (await exists(output)))
    throw new BitorchError('OPTION_INVALID', `${output} is there already: --force replaces it`);
  const found = await stat(input).catch(() => undefined);
  if (!found?.isFile()) throw new BitorchError('OPTION_INVALID', `${input} is no file: give one checkpoint`);
  if (sandbox) await demandSandbox();
  const source = await fileAccess(input);
  const partial = `${output}.partial`;
  try {
    const file = await open(partial, 'w');
    try {
      const done = sandbox
        ? await convertShutIn(file, source.size, options)
        : await convertCheckpoint(source, options.ruleset, (bytes) => file.writeFile(bytes), options);
      await file.sync();
      await holdAgainstFormat(partial, done);
      await rename(partial, output);
      return done;
    } finally {
      await file.close();
    }
  } finally {
    await rm(partial, { force: true });
    await source.close();
  }
}

async function demandSandbox(): Promise<void> {
  const state = await sandboxAvailability();
  if (state.available) return;
  throw new BitorchError(
    'SANDBOX_UNAVAILABLE',
    `${state.reason}. --no-sandbox converts without one: nothing of the checkpoint is run, but a mistake in our reader would not be contained`,
  );
}

async function convertShutIn(
  file: FileHandle,
  size: number,
  { input, ruleset, onProgress, signal }: ConvertFileOptions,
): Promise<{ tensors: number; bytes: number }> {
  const { command, readOnly } = ownProgram(new URL('./inside.ts', import.meta.url));
  const tell = (done: number) =>
    onProgress?.({ step: 'converting', done, total: Math.max(size, done), unit: 'bytes' });
  const look = setInterval(() => {
    file.stat().then(
      (written) => tell(written.size),
      () => undefined,
    );
  }, LOOK_MS);
  const timeMs = SPARE_MS + Math.ceil(size / BYTES_PER_MS);
  try {
    const outcome = await runInSandbox({
      command,
      readOnly: [...readOnly, { path: input, at: CHECKPOINT_AT }],
      input: encodeCanonical({ allowedGlobals: ruleset.pickle.allowedGlobals }),
      outputFile: file.fd,
      limits: {
        memoryBytes: 2 * GIBIBYTE,
        timeMs,
        cpuSeconds: Math.ceil(timeMs / 1000),
        // Tensors that share elements are written once each, up to twice the file; and a header.
        fileBytes: 2 * size + (128 << 20),
      },
      ...(signal && { signal }),
    });
    return resultOf(outcome);
  } finally {
    clearInterval(look);
  }
}

/** What the program inside says is as hostile as the checkpoint. */
function resultOf({ ending, errors }: SandboxOutcome): { tensors: number; bytes: number } {
  if (ending !== 'exited') throw convertRefused(`reading it was stopped by the sandbox (${ending})`);
  const outcome = lastLine(errors);
  if (!outcome) throw convertRefused(`its reader broke off: ${printable(errors.trim().slice(-200))}`);
  if ('refused' in outcome) throw new BitorchError('CONVERT_REFUSED', printable(outcome.refused));
  return outcome;
}

function lastLine(errors: string): ConvertOutcome | undefined {
  try {
    return check(outcomeSchema, JSON.parse(errors.trim().split('\n').at(-1)!), 'outcome');
  } catch {
    return undefined;
  }
}

async function holdAgainstFormat(path: string, { tensors, bytes }: { tensors: number; bytes: number }) {
  const written = await fileAccess(path);
  try {
    const found = await readSafetensors(written, path);
    if (found.length !== tensors || written.size !== bytes)
      throw convertRefused('what its reader wrote is not what it said');
  } finally {
    await written.close();
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
