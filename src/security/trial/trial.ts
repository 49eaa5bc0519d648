import { availableParallelism } from 'node:os';
import { BitorchError, encodeCanonical, equalBytes, type OnProgress } from '#base';
import type { Manifest } from '#distribution';
import { type Ending, ownProgram, runInSandbox, type SandboxOutcome, type Usage } from '../sandbox/index.ts';
import { FrameReader } from './frame-reader.ts';
import { MAX_FRAME_BYTES, MODEL_PATH, type TrialResult, type TrialTask } from './messages.ts';
import { PROMPTS } from './prompts.ts';

const MAX_THREADS = 8;
const GIBIBYTE = 2 ** 30;
/** Room for a progress frame per block and the result. */
const MAX_OUTPUT_BYTES = 2 * MAX_FRAME_BYTES;

/** A fault in a model's behaviour. */
export interface TrialFault {
  readonly code:
    | 'TRIAL_FORBIDDEN_CALL'
    | 'TRIAL_RESOURCES'
    | 'TRIAL_CRASHED'
    | 'TRIAL_REFUSED'
    | 'TRIAL_OUTPUT'
    | 'GOLDEN_MISMATCH';
  readonly message: string;
}

/** Outcome of a trial. */
export interface Trial {
  readonly faults: readonly TrialFault[];
  readonly usage: Usage;
  /** Absent if the model did not get that far. */
  readonly result?: TrialResult;
}

/**
 * Loads and runs a model once in the sandbox with fixed prompts, and compares what it computes with its manifest.
 * `directory` contains all of the manifest's files, verified. Throws SANDBOX_UNAVAILABLE, or SANDBOX_FAILED for a
 * failure before the program inside has read a byte of every file: any later failure is attributed to the model.
 */
export async function runTrial(
  { manifest, directory }: { manifest: Manifest; directory: string },
  { onProgress, signal }: { onProgress: OnProgress; signal: AbortSignal },
): Promise<Trial> {
  const frames = new FrameReader((done, total) =>
    onProgress({ step: 'running in the sandbox', done, total, unit: 'blocks' }),
  );
  const { command, readOnly } = ownProgram(new URL('./sandbox-program.ts', import.meta.url));
  const timeMs = trialTimeMs(manifest);
  const outcome = await runInSandbox({
    command,
    readOnly: [...readOnly, { path: directory, at: MODEL_PATH }],
    input: encodeCanonical(taskOf(manifest)),
    limits: {
      memoryBytes: 6 * GIBIBYTE,
      timeMs,
      cpuSeconds: Math.ceil((timeMs * MAX_THREADS) / 1000),
      outputBytes: MAX_OUTPUT_BYTES,
    },
    onOutput: (chunk) => frames.add(chunk),
    signal,
  });
  return verdictOf(manifest, outcome, frames);
}

/** Half a minute, and time for a slow disk and processor in proportion to bytes, files and blocks. */
export function trialTimeMs({ files, blocks }: Pick<Manifest, 'files' | 'blocks'>): number {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return 30_000 + Math.ceil(bytes / 20_000) + 10 * files.length + 50 * blocks.length;
}

const taskOf = ({ architecture, blocks, boundary, tokenizer, chatTemplate }: Manifest): TrialTask => ({
  architecture,
  blocks: blocks.map(({ tensors }) => tensors),
  boundary,
  tokenizer,
  chatTemplate,
  prompts: [...PROMPTS],
  threads: Math.min(MAX_THREADS, availableParallelism()),
});

const EXCESS: Readonly<Partial<Record<Ending, string>>> = {
  time: 'it exceeded the time allowed for a model of its size',
  memory: 'it exceeded the memory allowed for a model',
  processes: 'it exceeded the number of threads or processes allowed',
  output: 'it exceeded the output allowed',
};

/** Interprets how the sandbox ended. Throws SANDBOX_FAILED when the end says nothing about the model. */
export function verdictOf(manifest: Manifest, outcome: SandboxOutcome, frames: FrameReader): Trial {
  const { ending, usage, exitCode, errors } = outcome;
  const end = errors.trim().split('\n').at(-1)?.slice(0, 200);
  if (!frames.ready) {
    const how = `${ending}${exitCode === null ? '' : ` ${exitCode}`}${end ? `: ${end}` : ''}`;
    throw new BitorchError('SANDBOX_FAILED', `the sandbox failed before the model was loaded (${how})`);
  }
  const faulty = (code: TrialFault['code'], message: string): Trial => ({
    faults: [{ code, message }],
    usage,
  });
  if (ending === 'forbidden-call') {
    const what = 'a system call that no model needs: network, tracing, mounts, kernel or keys';
    return faulty('TRIAL_FORBIDDEN_CALL', `Loading or running it made ${what}. It was stopped there.`);
  }
  const excess = EXCESS[ending];
  if (excess) return faulty('TRIAL_RESOURCES', `Running it once was stopped: ${excess}.`);
  if (frames.problem)
    return faulty('TRIAL_CRASHED', `The sandbox's output was malformed: ${frames.problem}.`);
  const { last } = frames;
  if (!last) {
    return faulty(
      'TRIAL_CRASHED',
      `The process that ran it ended with code ${exitCode ?? ending}${end ? `: ${end}` : ''}.`,
    );
  }
  if (last.type === 'failure') {
    const code = last.code === 'HIDDEN_NOT_FINITE' ? 'TRIAL_OUTPUT' : 'TRIAL_REFUSED';
    return faulty(code, `It does not run: ${last.message}`);
  }
  return { faults: faultsOf(manifest, last), usage, result: last };
}

function faultsOf(manifest: Manifest, { golden, uniform, ignoresInput }: TrialResult): TrialFault[] {
  const faults: TrialFault[] = [];
  if (uniform)
    faults.push({
      code: 'TRIAL_OUTPUT',
      message: 'After a prompt all tokens are equally likely: its weights are empty or corrupt.',
    });
  if (ignoresInput)
    faults.push({
      code: 'TRIAL_OUTPUT',
      message: 'Its output is the same for every prompt: it ignores its input.',
    });
  const wrong = manifest.blocks.findIndex((block, i) => !golden[i] || !equalBytes(golden[i], block.golden));
  if (wrong >= 0) {
    const message = `Block ${wrong} does not compute what the manifest says: every node that loads it would refuse it.`;
    faults.push({ code: 'GOLDEN_MISMATCH', message });
  }
  return faults;
}
