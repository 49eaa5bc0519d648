/**
 * GGUF, llama.cpp's one-file model format, versions 2 and 3, little-endian (ggml/docs/gguf.md). Strict: what
 * llama.cpp reads leniently (gaps, trailing bytes, duplicate keys) is refused here, since every byte of a model
 * is shared and paid for.
 */
import { concat } from '#base';
import { invalid, unsupported } from './errors.ts';
import { Cursor, NeedMore } from './gguf-cursor.ts';
import { ggmlTypeName, MIN_BYTES, tensorTypeOf, VALUE_TYPES, type ValueType } from './gguf-types.ts';
import { alignUp, checkTiling, tensorBytes } from './layout.ts';
import type { RandomAccess, TensorInfo } from './tensor.ts';

/** Whole numbers that a double cannot hold stay bigints. */
export type GgufValue = number | bigint | boolean | string | GgufValue[];
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

export interface Gguf {
  metadata: GgufMetadata;
  /** In the file's order. */
  tensors: TensorInfo[];
  /** Where the tensors' bytes begin: all that is not weights lies before. */
  headerBytes: number;
}

const MAGIC = 0x46554747; // "GGUF"
const FIRST_READ = 1 << 20;
const MAX_HEADER = 128 << 20;
const MAX_ENTRIES = 4096;
const MAX_TENSORS = 1 << 16;
const MAX_KEY = 256;
const MAX_STRING = 1 << 20;
const MAX_ELEMENTS = 1 << 22;
const MAX_DEPTH = 4;
const MAX_ALIGNMENT = 1 << 16;

/**
 * Reads the header of a GGUF file in growing pieces, never the weights. `file` becomes the path in the tensors'
 * infos. Throws FORMAT_INVALID for damaged and FORMAT_UNSUPPORTED for sound but unusable files.
 */
export async function parseGguf(source: RandomAccess, file: string): Promise<Gguf> {
  const limit = Math.min(source.size, MAX_HEADER);
  let bytes = await source.read(0, Math.min(FIRST_READ, limit));
  for (;;) {
    try {
      return parseHeader(new Cursor(bytes, limit), source.size, file);
    } catch (error) {
      if (!(error instanceof NeedMore)) throw error;
      const more = Math.min(bytes.length * 3, limit - bytes.length);
      bytes = concat([bytes, await source.read(bytes.length, more)]);
    }
  }
}

/** The metadata alone, from the `headerBytes` that begin a file. Throws FORMAT_INVALID. */
export function parseGgufMetadata(header: Uint8Array): GgufMetadata {
  const cursor = new Cursor(header, header.length);
  const { entryCount } = readCounts(cursor, 'the GGUF header');
  return readMetadata(cursor, entryCount);
}

function parseHeader(cursor: Cursor, size: number, file: string): Gguf {
  const { tensorCount, entryCount } = readCounts(cursor, file);
  const metadata = readMetadata(cursor, entryCount);
  const alignment = alignmentOf(metadata);
  const infos = readTensorInfos(cursor, tensorCount, alignment, file);
  const headerBytes = Math.min(alignUp(cursor.at, alignment), size);
  const tensors = infos.map((info) => ({ ...info, offset: headerBytes + info.offset }));
  checkTiling(tensors, headerBytes, size, alignment);
  return { metadata, tensors, headerBytes };
}

function readCounts(cursor: Cursor, file: string): { tensorCount: number; entryCount: number } {
  if (cursor.uint32('magic') !== MAGIC) throw invalid(`${file} does not begin with "GGUF"`);
  const version = cursor.uint32('version');
  if (version !== 2 && version !== 3) {
    throw unsupported(
      `${file} is GGUF version ${version & 0xffff ? version : 'for big-endian machines'}: ` +
        'convert it to little-endian version 3',
    );
  }
  const tensorCount = cursor.count('tensor count', MAX_TENSORS);
  return { tensorCount, entryCount: cursor.count('metadata count', MAX_ENTRIES) };
}

function readMetadata(cursor: Cursor, count: number): GgufMetadata {
  const metadata = new Map<string, GgufValue>();
  const budget = { elements: MAX_ELEMENTS };
  for (let i = 0; i < count; i++) {
    const key = cursor.string('metadata key', MAX_KEY);
    if (key === '' || metadata.has(key)) throw invalid(`metadata key "${key}" is empty or there twice`);
    metadata.set(key, readValue(cursor, readValueType(cursor, key), key, 0, budget));
  }
  return metadata;
}

function readValueType(cursor: Cursor, key: string): ValueType {
  const id = cursor.uint32(`type of ${key}`);
  const type = VALUE_TYPES[id];
  if (!type) throw invalid(`metadata ${key} has unknown type ${id}`);
  return type;
}

function readValue(
  cursor: Cursor,
  type: ValueType,
  key: string,
  depth: number,
  budget: { elements: number },
): GgufValue {
  if (type === 'string') return cursor.string(key, MAX_STRING);
  if (type !== 'array') return plain(cursor[type](key));
  if (depth === MAX_DEPTH) throw invalid(`metadata ${key} nests arrays deeper than ${MAX_DEPTH}`);
  const elementType = readValueType(cursor, key);
  const length = cursor.count(`length of ${key}`, Math.floor(cursor.left / MIN_BYTES[elementType]));
  budget.elements -= length;
  if (budget.elements < 0) throw invalid(`metadata arrays hold more than ${MAX_ELEMENTS} values (${key})`);
  const values: GgufValue[] = [];
  for (let i = 0; i < length; i++) values.push(readValue(cursor, elementType, key, depth + 1, budget));
  return values;
}

function plain(value: number | bigint | boolean): number | bigint | boolean {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function alignmentOf(metadata: GgufMetadata): number {
  const alignment = metadata.get('general.alignment') ?? 32;
  const powerOfTwo =
    typeof alignment === 'number' && alignment >= 1 && Number.isInteger(Math.log2(alignment));
  if (!powerOfTwo || alignment > MAX_ALIGNMENT) {
    throw invalid(`general.alignment ${alignment} is not a power of two up to ${MAX_ALIGNMENT}`);
  }
  return alignment;
}

/** Offsets are still relative to the data section. */
function readTensorInfos(cursor: Cursor, count: number, alignment: number, file: string): TensorInfo[] {
  const names = new Set<string>();
  const infos: TensorInfo[] = [];
  for (let i = 0; i < count; i++) {
    const name = cursor.string('tensor name', MAX_KEY);
    if (name === '' || names.has(name)) throw invalid(`tensor name "${name}" is empty or there twice`);
    names.add(name);
    const shape = readShape(cursor, name);
    const typeId = cursor.uint32(`type of ${name}`);
    const type = tensorTypeOf(typeId);
    if (!type) {
      throw unsupported(
        `tensor ${name} in ${file} has type ${ggmlTypeName(typeId)}: ` +
          'Bitorch runs F32, F16, BF16, Q8_0, Q4_0 and Q4_1; quantise the model to one of these',
        { tensor: name, type: ggmlTypeName(typeId) },
      );
    }
    const bytes = tensorBytes(name, type, shape);
    const offset = cursor.count(`offset of ${name}`, Number.MAX_SAFE_INTEGER - MAX_HEADER - bytes);
    if (offset % alignment !== 0) throw invalid(`tensor ${name} is not aligned to ${alignment} bytes`);
    infos.push({ name, type, shape, file, offset, bytes });
  }
  return infos;
}

/** GGUF lists dimensions innermost first; ours are outermost first. */
function readShape(cursor: Cursor, name: string): number[] {
  const rank = cursor.uint32(`rank of ${name}`);
  if (rank < 1 || rank > 4) throw invalid(`tensor ${name} has ${rank} dimensions, not 1 to 4`);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const dimension = cursor.count(`dimension of ${name}`, 1 << 30);
    if (dimension === 0) throw invalid(`tensor ${name} has an empty dimension`);
    shape.unshift(dimension);
  }
  return shape;
}
