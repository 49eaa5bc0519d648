import type { OnProgress } from '#base';
import { type RandomAccess, safetensorsHeader } from '#formats';
import { convertRefused } from '../errors.ts';
import { allowedGlobals } from '../inspect/code/pickle.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { openCheckpoint } from './open-checkpoint.ts';
import { type CheckpointTensor, tensorsOf } from './tensors.ts';

const CHUNK_ELEMENTS = 1 << 18;
/** Largest storage, in bytes, that is held in memory for views that are not contiguous. */
const MAX_GATHERED = 1 << 29;

export interface ConvertOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Converts a PyTorch checkpoint of tensors to safetensors piece by piece, without running any of it. `write` receives
 * the bytes in order. Returns the number of tensors and of bytes written. Throws CONVERT_REFUSED when the checkpoint
 * holds anything but tensors.
 */
export async function convertCheckpoint(
  source: RandomAccess,
  ruleset: Pick<Ruleset, 'pickle'>,
  write: (bytes: Uint8Array) => Promise<unknown>,
  { onProgress, signal }: ConvertOptions = {},
): Promise<{ tensors: number; bytes: number }> {
  const tensors = tensorsOf(await openCheckpoint(source, allowedGlobals(ruleset)));
  const total = tensors.reduce((sum, tensor) => sum + sizeOf(tensor), 0);
  if (total > 2 * source.size)
    throw convertRefused("its tensors share elements and together would exceed twice the file's size");
  const { header, order } = safetensorsHeader(tensors, { format: 'pt' });
  await write(header);
  let done = 0;
  for (const tensor of order) {
    for await (const bytes of elementsOf(tensor)) {
      signal?.throwIfAborted();
      await write(bytes);
      done += bytes.length;
      onProgress?.({ step: 'converting', done, total, unit: 'bytes' });
    }
  }
  return { tensors: order.length, bytes: header.length + total };
}

const countOf = ({ shape }: CheckpointTensor): number => shape.reduce((product, side) => product * side, 1);
const sizeOf = (tensor: CheckpointTensor): number => countOf(tensor) * tensor.elementBytes;

/** The elements of a tensor in row-major order, little-endian. */
async function* elementsOf(tensor: CheckpointTensor): AsyncGenerator<Uint8Array> {
  for await (const bytes of storedElements(tensor)) yield byteSwapped(bytes, tensor.swapBytes);
}

/** Reverses the byte order of each number. */
function byteSwapped(bytes: Uint8Array, numberBytes: number): Uint8Array {
  if (numberBytes === 1) return bytes;
  const copy = Buffer.from(bytes);
  return numberBytes === 2 ? copy.swap16() : numberBytes === 4 ? copy.swap32() : copy.swap64();
}

async function* storedElements(tensor: CheckpointTensor): AsyncGenerator<Uint8Array> {
  const { storage, offset, elementBytes } = tensor;
  const count = countOf(tensor);
  if (!isContiguous(tensor)) {
    yield* gather(tensor, count);
    return;
  }
  for (let at = 0; at < count; at += CHUNK_ELEMENTS) {
    const elements = Math.min(CHUNK_ELEMENTS, count - at);
    yield await storage.read((offset + at) * elementBytes, elements * elementBytes);
  }
}

function isContiguous({ shape, strides }: CheckpointTensor): boolean {
  let expected = 1;
  for (let n = shape.length - 1; n >= 0; n--) {
    if (shape[n] !== 1 && strides[n] !== expected) return false;
    expected *= shape[n]!;
  }
  return true;
}

/** Copies a transposed or otherwise strided view element by element from a storage in memory. */
async function* gather(tensor: CheckpointTensor, count: number): AsyncGenerator<Uint8Array> {
  const { name, shape, strides, offset, storage, elementBytes } = tensor;
  if (storage.size > MAX_GATHERED)
    throw convertRefused(
      `${name} is a strided view of a storage of ${storage.size} bytes, which is too large`,
    );
  const held = await storage.read(0, storage.size);
  const index = new Array<number>(shape.length).fill(0);
  for (let at = 0; at < count; at += CHUNK_ELEMENTS) {
    const out = new Uint8Array(Math.min(CHUNK_ELEMENTS, count - at) * elementBytes);
    for (let place = 0; place < out.length; place += elementBytes) {
      const from = index.reduce((sum, step, n) => sum + step * strides[n]!, offset) * elementBytes;
      out.set(held.subarray(from, from + elementBytes), place);
      advance(index, shape);
    }
    yield out;
  }
}

/** Advances to the next index in row-major order. */
function advance(index: number[], shape: readonly number[]): void {
  for (let n = shape.length - 1; n >= 0; n--) {
    index[n]!++;
    if (index[n]! < shape[n]!) return;
    index[n] = 0;
  }
}
