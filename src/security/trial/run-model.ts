import { bytesOf, concat, sha256, toHex } from '#base';
import { Boundary, openTokenizer, renderChat, Stage, type Tokenizer } from '#execution';
import type { TensorInfo } from '#formats';
import type { TrialResult, TrialTask } from './messages.ts';
import { MAX_POSITIONS } from './prompts.ts';

/** Bytes of block weights loaded at a time, so that a large model fits into the sandbox's memory. */
const CHUNK_BYTES = 2 ** 30;

interface TrialDependencies {
  /** Reads exactly `length` bytes of a file of the model. */
  readonly read: (file: string, offset: number, length: number) => Promise<Uint8Array>;
  readonly onProgress: (done: number, total: number) => void;
}

/** Runs every prompt once through the whole model, and every block once on the fixed input of golden hashes. */
export async function runModel(
  task: TrialTask,
  { read, onProgress }: TrialDependencies,
): Promise<TrialResult> {
  const { architecture, threads } = task;
  const readTensor = ({ file, offset, bytes }: TensorInfo) => read(file, offset, bytes);
  const tokenizer = await openTokenizer(task.tokenizer, task.boundary.ranges, read);
  const prompts = task.prompts.map((prompt) => tokensOf(prompt, tokenizer, task));
  const boundary = await Boundary.load({
    architecture,
    threads,
    tensors: task.boundary.tensors,
    read: readTensor,
  });
  let states = prompts.map((tokens) => boundary.embed(tokens));
  const golden: Uint8Array[] = [];
  for (const [first, end] of chunksOf(task.blocks)) {
    const stage = await Stage.load({
      architecture,
      threads,
      first,
      end,
      blocks: task.blocks.slice(first, end),
      read: readTensor,
      slots: prompts.length,
      context: MAX_POSITIONS,
    });
    states = await forwardAll(stage, states);
    golden.push(...(await stage.goldenHashes()));
    await stage.stop();
    onProgress(end, task.blocks.length);
  }
  const logits = await Promise.all(
    states.map((rows) => boundary.logits(rows.subarray(-architecture.hidden))),
  );
  await boundary.stop();
  const hashes = logits.map((row) => toHex(sha256(bytesOf(row))));
  return {
    type: 'result',
    golden,
    positions: prompts.reduce((sum, { length }) => sum + length, 0),
    logitsHash: sha256(concat(logits.map(bytesOf))),
    uniform: logits.some((row) => row.every((value) => value === row[0])),
    ignoresInput: new Set(hashes).size === 1,
  };
}

/** Tokens of the prompt, formatted as a chat if the model has a template. */
function tokensOf(prompt: string, tokenizer: Tokenizer, { chatTemplate, architecture }: TrialTask): number[] {
  const textOf = (id: number | undefined) => (id === undefined ? '' : tokenizer.textOf(id));
  const text =
    chatTemplate === null
      ? prompt
      : renderChat(chatTemplate, [{ role: 'user', content: prompt }], {
          addGenerationPrompt: true,
          bos: textOf(tokenizer.bos),
          eos: textOf(tokenizer.eos),
        });
  const tokens = tokenizer.encode(text, { special: true });
  // Keeps the end: it differs between prompts, while the beginning may be the template's.
  return tokens.slice(-Math.min(MAX_POSITIONS, architecture.context));
}

/**
 * Runs the hidden states of all prompts (each positions × hidden f32) through one stage, each prompt in its own slot.
 */
function forwardAll(stage: Stage, states: Float32Array[]): Promise<Float32Array[]> {
  return Promise.all(
    states.map((rows, slot) => {
      const positions = Array.from({ length: rows.length / stage.hidden }, (_, position) => ({
        slot,
        position,
      }));
      return stage.forward(positions, rows);
    }),
  );
}

/** Ranges of blocks [first, end) that are loaded together. */
function* chunksOf(blocks: readonly (readonly TensorInfo[])[]): Generator<[number, number]> {
  let first = 0;
  let bytes = 0;
  for (const [block, tensors] of blocks.entries()) {
    const size = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    if (block > first && bytes + size > CHUNK_BYTES) {
      yield [first, block];
      first = block;
      bytes = 0;
    }
    bytes += size;
  }
  yield [first, blocks.length];
}
