import { access, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { BitorchError, check, encodeCanonical, type OnProgress } from '#base';
import { fileAccess, readSafetensors } from '#formats';
import { convertRefused } from '../errors.ts';
import { printable } from '../inspect/inspection.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { ownProgram, runInSandbox, type SandboxOutcome, sandboxAvailability } from '../sandbox/index.ts';
import { convertCheckpoint } from './convert.ts';
import { CHECKPOINT_PATH, type ConvertOutcome, outcomeSchema } from './messages.ts';

const GIBIBYTE = 2 ** 30;
/** Time allowed beyond what a slow disk needs. */
const BASE_MS = 120_000;
const BYTES_PER_MS = 5_000;
const POLL_MS = 250;

export interface ConvertFileOptions {
  readonly input: string;
  readonly output: string;
  /** Whether an existing output may be replaced. */
  readonly force: boolean;
  /** Whether the reader runs in the sandbox. A machine without one needs an explicit false. */
  readonly sandbox: boolean;
  readonly ruleset: Ruleset;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Converts a checkpoint on disk to a .safetensors file, which appears complete or not at all. The reader runs in the
 * sandbox, sees only the checkpoint and writes only to the open output file; its output is then validated as
 * safetensors. Throws CONVERT_REFUSED, SANDBOX_UNAVAILABLE or OPTION_INVALID.
 */
export async function convertFile(options: ConvertFileOptions): Promise<{ tensors: number; bytes: number }> {
  const { input, output, force, sandbox } = options;
  if (!force && (await exists(output)))
    throw new BitorchError('OPTION_INVALID', `${output} already exists: replace it with --force`);
  const found = await stat(input).catch(() => undefined);
  if (!found?.isFile())
    throw new BitorchError('OPTION_INVALID', `${input} is not a file: name one checkpoint file`);
  if (sandbox) await requireSandbox();
  const source = await fileAccess(input);
  const partial = `${output}.partial`;
  try {
    const file = await open(partial, 'w');
    try {
      const done = sandbox
        ? await convertInSandbox(file, source.size, options)
        : await convertCheckpoint(source, options.ruleset, (bytes) => file.writeFile(bytes), options);
      await file.sync();
      await validateOutput(partial, done);
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

async function requireSandbox(): Promise<void> {
  const state = await sandboxAvailability();
  if (state.available) return;
  throw new BitorchError(
    'SANDBOX_UNAVAILABLE',
    `${state.reason}. To convert without one use --no-sandbox: the checkpoint's code is never run, but a bug in the reader would not be contained`,
  );
}

async function convertInSandbox(
  file: FileHandle,
  size: number,
  { input, ruleset, onProgress, signal }: ConvertFileOptions,
): Promise<{ tensors: number; bytes: number }> {
  const { command, readOnly } = ownProgram(new URL('./sandbox-program.ts', import.meta.url));
  const reportProgress = (done: number) =>
    onProgress?.({ step: 'converting', done, total: Math.max(size, done), unit: 'bytes' });
  const look = setInterval(() => {
    file.stat().then(
      (written) => reportProgress(written.size),
      () => undefined,
    );
  }, POLL_MS);
  const timeMs = BASE_MS + Math.ceil(size / BYTES_PER_MS);
  try {
    const outcome = await runInSandbox({
      command,
      readOnly: [...readOnly, { path: input, at: CHECKPOINT_PATH }],
      input: encodeCanonical({ allowedGlobals: ruleset.pickle.allowedGlobals }),
      outputFile: file.fd,
      limits: {
        memoryBytes: 2 * GIBIBYTE,
        timeMs,
        cpuSeconds: Math.ceil(timeMs / 1000),
        // Tensors that share elements are each written in full, up to twice the file's size, plus a header.
        fileBytes: 2 * size + (128 << 20),
      },
      ...(signal && { signal }),
    });
    return resultOf(outcome);
  } finally {
    clearInterval(look);
  }
}

/**
 * Reads the outcome that the process in the sandbox reported, which is as untrusted as the checkpoint. Throws
 * CONVERT_REFUSED.
 */
function resultOf({ ending, errors }: SandboxOutcome): { tensors: number; bytes: number } {
  if (ending !== 'exited') throw convertRefused(`the sandbox stopped the reader (${ending})`);
  const outcome = lastLine(errors);
  if (!outcome) throw convertRefused(`the reader failed: ${printable(errors.trim().slice(-200))}`);
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

async function validateOutput(path: string, { tensors, bytes }: { tensors: number; bytes: number }) {
  const written = await fileAccess(path);
  try {
    const found = await readSafetensors(written, path);
    if (found.length !== tensors || written.size !== bytes)
      throw convertRefused("the reader's output differs from what it reported");
  } finally {
    await written.close();
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
