import { concat, encodeCanonical, z, zBytes, zCount } from '#base';
import { architectureSchema, tensorInfoSchema } from '#formats';

/**
 * What crosses the sandbox boundary: one task in, frames out. The frames are as untrusted as the model, except for
 * the first: it is written before any byte of the task or model is interpreted.
 */

export const MAX_FRAME_BYTES = 128 * 1024;
const MAX_BLOCKS = 1024;

const rangeSchema = z.strictObject({ file: z.string(), offset: zCount, length: zCount });

/** Path of the model's folder inside the sandbox. */
export const MODEL_PATH = '/model';

export const taskSchema = z.strictObject({
  architecture: architectureSchema,
  blocks: z.array(z.array(tensorInfoSchema)).max(MAX_BLOCKS),
  boundary: z.strictObject({ tensors: z.array(tensorInfoSchema), ranges: z.array(rangeSchema) }),
  tokenizer: z.strictObject({ kind: z.enum(['gguf', 'tokenizer.json']), file: z.string() }),
  chatTemplate: z.string().nullable(),
  prompts: z.array(z.string()),
  threads: z.number().int().min(1),
});
export type TrialTask = z.infer<typeof taskSchema>;

/** Outcome of running the model. */
const resultSchema = z.strictObject({
  type: z.literal('result'),
  /** Output hash per block for the fixed input of docs/protocol/arithmetic.md. */
  golden: z.array(zBytes(32)).max(MAX_BLOCKS),
  /** Positions that ran through the blocks, over all prompts. */
  positions: zCount,
  /** SHA-256 over the logits after each prompt; identical on every machine. */
  logitsHash: zBytes(32),
  /** Whether the logits after some prompt are all equal. */
  uniform: z.boolean(),
  /** Whether all prompts gave the same logits. */
  ignoresInput: z.boolean(),
});
export type TrialResult = z.infer<typeof resultSchema>;

export const frameSchema = z.discriminatedUnion('type', [
  /** The sandbox works: the program runs in it and can read every file of the model. */
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('progress'), done: zCount, total: zCount }),
  resultSchema,
  z.strictObject({ type: z.literal('failure'), code: z.string().max(64), message: z.string().max(1024) }),
]);
export type TrialFrame = z.infer<typeof frameSchema>;

/** Encodes a frame: u32 length (little-endian), canonical CBOR. */
export function encodeFrame(frame: TrialFrame): Uint8Array {
  const body = encodeCanonical(frame);
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, body.length, true);
  return concat([prefix, body]);
}
