import { Stage } from '../../src/execution/engine/index.ts';
import { type SampleModel, sampleModel } from '../../src/execution/engine/sample-model.ts';
import type { TensorType } from '../../src/formats/index.ts';

const MIXED: TensorType[] = ['Q4_1', 'Q8_0', 'Q4_0'];

/** Four blocks of mixed types, six heads that share two KV heads. */
export function mixedSample(): SampleModel {
  let turn = 0;
  return sampleModel({ layers: 4, heads: 6, kvHeads: 2 }, () => MIXED[turn++ % MIXED.length]!);
}

type Options = { threads?: number; build?: 'relaxed' | 'plain'; slots?: number };

/** Blocks [first, end) of a sample, loaded. */
export const loadSampleBlocks = (model: SampleModel, first: number, end: number, options: Options = {}) =>
  Stage.load({
    architecture: model.architecture,
    first,
    end,
    blocks: model.blocks.slice(first, end),
    read: model.read,
    slots: 4,
    context: 60,
    ...options,
  });

/** `rows` hidden states of one session; another one for each seed. */
export const noise = (rows: number, hidden: number, seed = 0): Float32Array =>
  Float32Array.from({ length: rows * hidden }, (_, i) => (((i + seed * 977) * 7919) % 2003) / 500 - 2);

/** Feeds hidden states of positions from `from` on to a slot, `chunk` at a time. */
export async function feed(
  stage: Stage,
  hidden: Float32Array,
  { slot = 0, from = 0, chunk = 1000 } = {},
): Promise<Float32Array> {
  const rows = hidden.length / stage.hidden;
  const output = new Float32Array(hidden.length);
  for (let at = 0; at < rows; at += chunk) {
    const count = Math.min(chunk, rows - at);
    const part = hidden.subarray(at * stage.hidden, (at + count) * stage.hidden);
    const positions = Array.from({ length: count }, (_, i) => ({ slot, position: from + at + i }));
    output.set(await stage.forward(positions, part), at * stage.hidden);
  }
  return output;
}
