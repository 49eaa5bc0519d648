/** safetensors, Hugging Face's tensor format (huggingface/safetensors, README, "Format"), as one file or as shards. */
import { check, z, zCount } from '#base';
import { invalid, unsupported } from './errors.ts';
import { type Json, JsonTree, parseJson } from './json.ts';
import { JsonReader, type JsonScalar, type JsonVisitor } from './json-reader.ts';
import { checkTiling } from './layout.ts';
import { type RandomAccess, TENSOR_TYPES, type TensorInfo, tensorInfoSchema } from './tensor.ts';

const MAX_HEADER = 16 << 20;
const MAX_TENSORS = 1 << 16;
const MAX_METADATA = 1 << 16;
/** Maximum number of values in a tensor's entry: dtype, shape and offsets. */
const MAX_ENTRY = 32;
const CHUNK = 1 << 18;
const FLOATS: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16']);

/** Bits per element. */
const BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** Bits per element of a type; undefined for unknown types. */
export const elementBits = (dtype: string): number | undefined =>
  Object.hasOwn(BITS, dtype) ? BITS[dtype] : undefined;

const zDimension = z
  .number()
  .int()
  .min(0)
  .max(2 ** 40);
const entrySchema = z.strictObject({
  dtype: z.string().max(16),
  shape: z.array(zDimension).max(16),
  data_offsets: z.tuple([zCount, zCount]),
});
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** A tensor of any element type, as described in the header. `offset` is in bytes from the start of the file. */
export interface SafetensorsEntry {
  name: string;
  dtype: string;
  shape: number[];
  offset: number;
  bytes: number;
}

/**
 * Reads the header of a safetensors file with tensors of any type. Checks that every byte after the header belongs to exactly one
 * tensor. `onMetadata` is called with the entries of __metadata__. Throws FORMAT_INVALID or SCHEMA_INVALID when the file is
 * damaged, FORMAT_UNSUPPORTED when a type is unknown.
 */
export async function readSafetensors(
  source: RandomAccess,
  file: string,
  onMetadata?: (key: string, value: string) => void,
): Promise<SafetensorsEntry[]> {
  if (source.size < 8) throw invalid(`${file} is too short for safetensors`);
  const prefix = await source.read(0, 8);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER, source.size - 8))) {
    throw invalid(`${file} claims a header of ${length} bytes`);
  }
  const headerBytes = 8 + Number(length);
  const header = new Header(file, headerBytes, onMetadata);
  const reader = new JsonReader(`header of ${file}`, header, { maxDepth: 3 });
  for (let at = 8; at < headerBytes; at += CHUNK) {
    const bytes = await source.read(at, Math.min(CHUNK, headerBytes - at));
    if (at === 8 && bytes[0] !== 0x7b) throw invalid(`the header of ${file} does not begin with "{"`);
    reader.write(bytes);
  }
  reader.end();
  checkTiling(header.tensors, headerBytes, source.size, 1);
  return header.tensors;
}

/**
 * The tensors of a safetensors file that Bitorch can run. Throws like readSafetensors(), and FORMAT_UNSUPPORTED for element types
 * that execution does not support.
 */
export async function parseSafetensors(source: RandomAccess, file: string): Promise<TensorInfo[]> {
  const entries = await readSafetensors(source, file);
  return entries.map(({ name, dtype, shape, offset, bytes }) => {
    const type = TENSOR_TYPES.find((known) => known === dtype);
    if (!type || !FLOATS.has(type)) {
      throw unsupported(
        `tensor ${name} in ${file} has type ${dtype}: Bitorch supports F32, F16 and BF16 in safetensors`,
        { tensor: name, type: dtype },
      );
    }
    const what = `tensor ${name.slice(0, 256)} of ${file}`;
    return check(tensorInfoSchema, { name, type, shape, file, offset, bytes }, what);
  });
}

/** Visitor of the header, which holds one entry at a time. */
class Header implements JsonVisitor {
  readonly tensors: SafetensorsEntry[] = [];
  readonly #file: string;
  readonly #headerBytes: number;
  readonly #onMetadata: ((key: string, value: string) => void) | undefined;
  #depth = 0;
  #name = '';
  #key = '';
  #values = 0;
  #entry = new JsonTree();

  constructor(file: string, headerBytes: number, onMetadata?: (key: string, value: string) => void) {
    this.#file = file;
    this.#headerBytes = headerBytes;
    this.#onMetadata = onMetadata;
  }

  open(kind: '{' | '['): void {
    this.#depth++;
    if (this.#depth === 2) this.#entry = new JsonTree();
    if (this.#depth >= 2) this.#entry.open(kind);
  }

  close(): void {
    this.#depth--;
    if (this.#depth >= 1) this.#entry.close();
    if (this.#depth === 1 && this.#name !== '__metadata__') this.#add(this.#entry.root);
    this.#values = 0;
  }

  key(name: string): void {
    this.#key = name;
    if (this.#depth === 1) this.#name = name;
    else this.#entry.key(name);
  }

  value(value: JsonScalar): void {
    const inMetadata = this.#name === '__metadata__';
    if (inMetadata && (this.#depth !== 2 || typeof value !== 'string')) this.#badMetadata();
    if (this.#depth < 2) this.#add(value);
    else if (++this.#values > (inMetadata ? MAX_METADATA : MAX_ENTRY)) {
      throw invalid(`${this.#name.slice(0, 256)} in the header of ${this.#file} has too many values`);
    } else if (inMetadata) this.#onMetadata?.(this.#key, String(value));
    else this.#entry.value(value);
  }

  #badMetadata(): never {
    check(z.record(z.string(), z.string()), { value: null }, `__metadata__ of ${this.#file}`);
    throw invalid(`__metadata__ of ${this.#file} is not a map of strings`);
  }

  #add(value: Json): void {
    if (this.tensors.length === MAX_TENSORS) throw invalid(`${this.#file} has over ${MAX_TENSORS} tensors`);
    this.tensors.push(entryOf(this.#name, value, this.#file, this.#headerBytes));
  }
}

function entryOf(name: string, value: Json, file: string, headerBytes: number): SafetensorsEntry {
  const what = `tensor ${name.slice(0, 256)} of ${file}`;
  const { dtype, shape, data_offsets } = check(entrySchema, value, what);
  const bits = elementBits(dtype);
  if (bits === undefined) {
    throw unsupported(`tensor ${name} in ${file} has the unknown type ${dtype}`, {
      tensor: name,
      type: dtype,
    });
  }
  const bytes = shape.reduce((product, dimension) => product * dimension, bits) / 8;
  const [begin, end] = data_offsets;
  if (!Number.isSafeInteger(bytes)) throw invalid(`${what} is not a whole number of bytes`);
  if (end - begin !== bytes) {
    throw invalid(`tensor ${name} in ${file} has ${end - begin} bytes, its shape needs ${bytes}`);
  }
  return { name, dtype, shape, offset: headerBytes + begin, bytes };
}

/**
 * Parses `model.safetensors.index.json`: file name of each shard → names of its tensors. Shards are in the folder of the index.
 * Throws FORMAT_INVALID or SCHEMA_INVALID.
 */
export function parseShardIndex(bytes: Uint8Array, what: string): Map<string, Set<string>> {
  const { weight_map } = check(indexSchema, parseJson(bytes, what, { maxDepth: 4 }), what);
  const shards = new Map<string, Set<string>>();
  for (const [tensor, file] of Object.entries(weight_map)) {
    if (!/^[\w.-]+\.safetensors$/.test(file))
      throw invalid(`${what} names the shard ${JSON.stringify(file)}`);
    const names = shards.get(file) ?? new Set();
    shards.set(file, names.add(tensor));
  }
  if (shards.size === 0) throw invalid(`${what} names no shards`);
  return shards;
}

/** Throws FORMAT_INVALID when a shard does not contain exactly the tensors that the index lists for it. */
export function checkShard(
  file: string,
  tensors: readonly TensorInfo[],
  promised: ReadonlySet<string>,
): void {
  const stray = tensors.find((tensor) => !promised.has(tensor.name));
  if (stray) throw invalid(`${file} contains ${stray.name}, which the index does not list for it`);
  if (tensors.length !== promised.size) throw invalid(`${file} lacks tensors that the index lists for it`);
}
