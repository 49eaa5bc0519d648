/**
 * GGUF, the single-file model format of llama.cpp, versions 2 and 3, little-endian (ggml/docs/gguf.md). The parser is strict:
 * it refuses gaps, trailing bytes and duplicate keys, which llama.cpp accepts, because every byte of a model is shared and paid
 * for.
 */
import { ByteWindow, type Reading, readFrom, readNow } from './byte-window.ts';
import { invalid, unsupported } from './errors.ts';
import { type GgmlType, ggmlType, MIN_BYTES, VALUE_TYPES, type ValueType } from './gguf-types.ts';
import { alignUp, checkTiling } from './layout.ts';
import { type RandomAccess, TENSOR_TYPES, type TensorInfo } from './tensor.ts';

/** Integers beyond the safe range of a double are bigints. */
export type GgufValue = number | bigint | boolean | string | GgufValue[];
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** A tensor of any ggml type. `shape` is outermost first; `offset` is in bytes from the start of the file. */
export interface GgufEntry {
  name: string;
  type: string;
  shape: number[];
  offset: number;
  bytes: number;
}

export interface GgufHeader {
  metadata: GgufMetadata;
  /** In file order. */
  tensors: GgufEntry[];
  /** Offset of the tensor data. Everything other than weights is before it. */
  headerBytes: number;
}

export interface Gguf extends GgufHeader {
  tensors: (TensorInfo & GgufEntry)[];
}

export interface GgufOptions {
  /** Selects the metadata to keep. All of it is checked. */
  keep?: (key: string) => boolean;
  /** Called with every string in the metadata, kept or not, including elements of arrays. */
  onText?: (key: string, text: string) => void;
  /** Called with the element type and the length of every array, before its elements. */
  onList?: (key: string, type: ValueType, length: number) => void;
}

/** Keeps all metadata and calls no callbacks. */
const EVERYTHING: Required<GgufOptions> = {
  keep: () => true,
  onText: () => undefined,
  onList: () => undefined,
};

const MAGIC = 0x46554747; // "GGUF"
const MAX_HEADER = 128 << 20;
const MAX_ENTRIES = 4096;
const MAX_TENSORS = 1 << 16;
const MAX_KEY = 256;
const MAX_STRING = 1 << 20;
const MAX_ELEMENTS = 1 << 22;
const MAX_DEPTH = 4;
const MAX_ALIGNMENT = 1 << 16;

/**
 * Reads the header of a GGUF file with tensors of any type; the weights are not read. Checks that every byte after the header
 * belongs to one tensor or is padding. Throws FORMAT_INVALID when the file is damaged, FORMAT_UNSUPPORTED when its version or a
 * tensor type is unknown.
 */
export async function readGguf(
  source: RandomAccess,
  file: string,
  options: GgufOptions = {},
): Promise<GgufHeader> {
  const window = new ByteWindow(0, Math.min(source.size, MAX_HEADER));
  return readFrom(source, window, readHeader(window, source.size, file, { ...EVERYTHING, ...options }));
}

/**
 * Reads the header of a GGUF file that Bitorch can run. `file` becomes the path in the tensors' infos. Throws like readGguf(),
 * and FORMAT_UNSUPPORTED for tensor types that execution does not support.
 */
export async function parseGguf(source: RandomAccess, file: string): Promise<Gguf> {
  const header = await readGguf(source, file);
  const tensors = header.tensors.map((entry) => {
    const type = TENSOR_TYPES.find((known) => known === entry.type);
    if (type) return { ...entry, type, file };
    throw unsupported(
      `tensor ${entry.name} in ${file} has type ${entry.type}: ` +
        'Bitorch supports F32, F16, BF16, Q8_0, Q4_0 and Q4_1; quantise the model to one of these',
      { tensor: entry.name, type: entry.type },
    );
  });
  return { ...header, tensors };
}

/** Reads only the metadata, from the first `headerBytes` of a file. Throws FORMAT_INVALID or FORMAT_UNSUPPORTED. */
export function parseGgufMetadata(header: Uint8Array): GgufMetadata {
  const window = new ByteWindow(0, header.length);
  return readNow(header, window, readOnlyMetadata(window));
}

function* readOnlyMetadata(window: ByteWindow): Reading<GgufMetadata> {
  const { entryCount } = yield* readCounts(window, 'the GGUF header');
  return yield* readMetadata(window, entryCount, EVERYTHING);
}

function* readHeader(
  window: ByteWindow,
  size: number,
  file: string,
  { keep, onText, onList }: Required<GgufOptions>,
): Reading<GgufHeader> {
  const { tensorCount, entryCount } = yield* readCounts(window, file);
  const metadata = yield* readMetadata(window, entryCount, {
    keep: (key) => key === ALIGNMENT || keep(key),
    onText,
    onList,
  });
  const alignment = alignmentOf(metadata);
  const infos = yield* readTensorInfos(window, tensorCount, alignment, file);
  const headerBytes = Math.min(alignUp(window.at, alignment), size);
  for (const info of infos) info.offset += headerBytes;
  checkTiling(infos, headerBytes, size, alignment);
  return { metadata, tensors: infos, headerBytes };
}

function* readCounts(window: ByteWindow, file: string): Reading<{ tensorCount: number; entryCount: number }> {
  if (!window.has(24, 'the GGUF header')) yield 24;
  if (window.uint32() !== MAGIC) throw invalid(`${file} does not begin with "GGUF"`);
  const version = window.uint32();
  if (version !== 2 && version !== 3) {
    throw unsupported(
      `${file} is GGUF version ${version & 0xffff ? version : 'for big-endian machines'}: ` +
        'convert it to little-endian version 3',
    );
  }
  const tensorCount = yield* readCount(window, 'tensor count', MAX_TENSORS);
  return { tensorCount, entryCount: yield* readCount(window, 'metadata count', MAX_ENTRIES) };
}

/** Reads a 64-bit count or length of at most `max`. */
function* readCount(window: ByteWindow, what: string, max: number): Reading<number> {
  if (!window.has(8, what)) yield 8;
  const value = window.uint64();
  if (value > BigInt(max)) throw invalid(`${what} is ${value}, over the limit of ${max}`);
  return Number(value);
}

/** Reads UTF-8 text with a 64-bit length of at most `maxBytes`. */
function* readString(window: ByteWindow, what: string, maxBytes: number): Reading<string> {
  const length = yield* readCount(window, `length of ${what}`, maxBytes);
  if (!window.has(length, what)) yield length;
  return window.text(length, what);
}

interface Walk {
  /** Remaining number of array elements that the metadata may contain. */
  elements: number;
  onText: (key: string, text: string) => void;
  onList: (key: string, type: ValueType, length: number) => void;
}

function* readMetadata(
  window: ByteWindow,
  count: number,
  { keep, onText, onList }: Required<GgufOptions>,
): Reading<GgufMetadata> {
  const metadata = new Map<string, GgufValue>();
  const keys = new Set<string>();
  const walk: Walk = { elements: MAX_ELEMENTS, onText, onList };
  for (let i = 0; i < count; i++) {
    const key = yield* readString(window, 'metadata key', MAX_KEY);
    if (key === '' || keys.has(key)) throw invalid(`metadata key "${key}" is empty or there twice`);
    keys.add(key);
    const type = yield* readValueType(window, key);
    const kept = keep(key);
    const value = yield* readValue(window, type, key, 0, walk, kept);
    if (kept) metadata.set(key, value);
  }
  return metadata;
}

function* readValueType(window: ByteWindow, key: string): Reading<ValueType> {
  if (!window.has(4, `type of ${key}`)) yield 4;
  const id = window.uint32();
  const type = VALUE_TYPES[id];
  if (!type) throw invalid(`metadata ${key} has unknown type ${id}`);
  return type;
}

function* readValue(
  window: ByteWindow,
  type: ValueType,
  key: string,
  depth: number,
  walk: Walk,
  keep: boolean,
): Reading<GgufValue> {
  if (type === 'string') {
    const text = yield* readString(window, key, MAX_STRING);
    walk.onText(key, text);
    return text;
  }
  if (type === 'array') return yield* readArray(window, key, depth, walk, keep);
  if (!window.has(MIN_BYTES[type], key)) yield MIN_BYTES[type];
  if (type === 'bool') return readBool(window, key);
  return plain(window[type]());
}

function* readArray(
  window: ByteWindow,
  key: string,
  depth: number,
  walk: Walk,
  keep: boolean,
): Reading<GgufValue[]> {
  if (depth === MAX_DEPTH) throw invalid(`metadata ${key} nests arrays deeper than ${MAX_DEPTH}`);
  const type = yield* readValueType(window, key);
  const most = Math.floor((window.left - 8) / MIN_BYTES[type]);
  const length = yield* readCount(window, `length of ${key}`, Math.max(0, most));
  walk.elements -= length;
  if (walk.elements < 0) throw invalid(`metadata arrays hold more than ${MAX_ELEMENTS} values (${key})`);
  walk.onList(key, type, length);
  const values: GgufValue[] = [];
  for (let i = 0; i < length; i++) {
    const value = yield* readValue(window, type, key, depth + 1, walk, keep);
    if (keep) values.push(value);
  }
  return values;
}

function readBool(window: ByteWindow, key: string): boolean {
  const value = window.uint8();
  if (value > 1) throw invalid(`${key}: ${value} is neither true nor false`);
  return value === 1;
}

function plain(value: number | bigint): number | bigint {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const ALIGNMENT = 'general.alignment';

function alignmentOf(metadata: GgufMetadata): number {
  const alignment = metadata.get(ALIGNMENT) ?? 32;
  const powerOfTwo =
    typeof alignment === 'number' && alignment >= 1 && Number.isInteger(Math.log2(alignment));
  if (!powerOfTwo || alignment > MAX_ALIGNMENT) {
    throw invalid(`general.alignment ${alignment} is not a power of two up to ${MAX_ALIGNMENT}`);
  }
  return alignment;
}

/** Reads the tensor infos. Their offsets are relative to the data section. */
function* readTensorInfos(
  window: ByteWindow,
  count: number,
  alignment: number,
  file: string,
): Reading<GgufEntry[]> {
  const names = new Set<string>();
  const infos: GgufEntry[] = [];
  for (let i = 0; i < count; i++) {
    const name = yield* readString(window, 'tensor name', MAX_KEY);
    if (name === '' || names.has(name)) throw invalid(`tensor name "${name}" is empty or there twice`);
    names.add(name);
    const shape = yield* readShape(window, name);
    if (!window.has(4, `type of ${name}`)) yield 4;
    const id = window.uint32();
    const type = ggmlType(id);
    if (!type)
      throw unsupported(`tensor ${name} in ${file} has type number ${id}, which is unknown`, {
        tensor: name,
      });
    const bytes = bytesOf(name, type, shape);
    const most = Number.MAX_SAFE_INTEGER - MAX_HEADER - bytes;
    const offset = yield* readCount(window, `offset of ${name}`, most);
    if (offset % alignment !== 0) throw invalid(`tensor ${name} is not aligned to ${alignment} bytes`);
    infos.push({ name, type: type.name, shape, offset, bytes });
  }
  return infos;
}

function bytesOf(name: string, { name: type, elements, bytes }: GgmlType, shape: readonly number[]): number {
  const columns = shape.at(-1)!;
  if (columns % elements !== 0) {
    throw invalid(`tensor ${name}: rows of ${columns} elements are not whole ${type} blocks of ${elements}`);
  }
  const size = shape.reduce((product, dimension) => product * dimension, bytes / elements);
  if (!Number.isSafeInteger(size)) throw unsupported(`tensor ${name} is too large: shape [${shape}]`);
  return size;
}

/** Reads a shape. GGUF lists dimensions innermost first; the result is outermost first. */
function* readShape(window: ByteWindow, name: string): Reading<number[]> {
  if (!window.has(4, `rank of ${name}`)) yield 4;
  const rank = window.uint32();
  if (rank < 1 || rank > 4) throw invalid(`tensor ${name} has ${rank} dimensions, not 1 to 4`);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const dimension = yield* readCount(window, `dimension of ${name}`, 1 << 30);
    if (dimension === 0) throw invalid(`tensor ${name} has an empty dimension`);
    shape.unshift(dimension);
  }
  return shape;
}
