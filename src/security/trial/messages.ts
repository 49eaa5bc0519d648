import { concat, encodeCanonical, z, zBytes, zCount } from '#base';
import { architectureSchema, tensorInfoSchema } from '#formats';

/**
 * What crosses the border of the sandbox: one task in, frames out. What comes out is as hostile as the model, but for the
 * first frame: it is written before any byte of the task or of the model was interpreted.
 */

export const MAX_FRAME_BYTES = 128 * 1024;
const MAX_BLOCKS = 1024;

const rangeSchema = z.strictObject({ file: z.string(), offset: zCount, length: zCount });

/** Where the model's files are inside. */
export const MODEL_AT = '/model';

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

/** What running the model gave. */
const resultSchema = z.strictObject({
  type: z.literal('result'),
  /** Output hash of each block for the fixed input of docs/protocol/arithmetic.md. */
  golden: z.array(zBytes(32)).max(MAX_BLOCKS),
  /** Positions of all prompts together that went through the blocks. */
  positions: zCount,
  /** sha-256 over the logits after each prompt: the same on every machine. */
  logitsHash: zBytes(32),
  /** Whether the logits after some prompt are all one number. */
  flat: z.boolean(),
  /** Whether all prompts, different as they are, gave the same logits. */
  deaf: z.boolean(),
});
export type TrialResult = z.infer<typeof resultSchema>;

export const frameSchema = z.discriminatedUnion('type', [
  /** The sandbox works: our program runs in it, and every file of the model can be read. */
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('progress'), done: zCount, total: zCount }),
  resultSchema,
  z.strictObject({ type: z.literal('failure'), code: z.string().max(64), message: z.string().max(1024) }),
]);
export type TrialFrame = z.infer<typeof frameSchema>;

/** A frame as it is written: u32 length (little-endian), canonical CBOR. */
export function encodeFrame(frame: TrialFrame): Uint8Array {
  const body = encodeCanonical(frame);
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, body.length, true);
  return concat([prefix, body]);
}
