import { z, zCount } from '#base';

/** Element types that execution supports. The Q types are GGUF's blocks of 32 elements (docs/protocol/arithmetic.md). */
export const TENSOR_TYPES = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1'] as const;
export type TensorType = (typeof TENSOR_TYPES)[number];

/** [elements per block, bytes per block] */
export const TENSOR_BLOCK: Readonly<Record<TensorType, readonly [number, number]>> = {
  F32: [1, 4],
  F16: [1, 2],
  BF16: [1, 2],
  Q8_0: [32, 34],
  Q4_0: [32, 18],
  Q4_1: [32, 20],
};

/** Location and type of a tensor. */
export const tensorInfoSchema = z.strictObject({
  name: z.string().min(1).max(256),
  type: z.enum(TENSOR_TYPES),
  /** Outermost first: a matrix is [rows, columns], stored row by row. */
  shape: z
    .array(
      z
        .number()
        .int()
        .min(1)
        .max(1 << 30),
    )
    .min(1)
    .max(4),
  /** Path of the file, relative to the model. `offset` and `bytes` locate the tensor in it. */
  file: z.string().min(1).max(1024),
  offset: zCount,
  bytes: zCount,
});

export type TensorInfo = z.infer<typeof tensorInfoSchema>;

/** A source of bytes with random access: a file, a partly downloaded torrent, a buffer. */
export interface RandomAccess {
  /** Bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes at `offset`; rejects when they are unavailable. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Fills `target` with bytes from `offset` on, for callers that reuse a buffer. */
  readInto?(target: Uint8Array, offset: number): Promise<void>;
}

/** A file of a model. */
export interface ModelFile {
  /** Relative to the model's folder, with `/` as separator. */
  path: string;
  source: RandomAccess;
  /** Whether the path is a symbolic link. Readers that guard against links refuse it. */
  linked?: boolean;
}
