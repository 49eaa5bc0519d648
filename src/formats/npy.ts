/** NumPy .npy files (NEP 1): arrays of numbers or of records of numbers. */
import { invalid } from './errors.ts';
import type { RandomAccess } from './tensor.ts';

const MAX_HEADER = 1 << 16;
/** A Python dictionary with exactly the three keys, as written by NumPy. */
const HEADER =
  /^\{'descr': (?:'([<>|=]?[a-zA-Z]\d{0,9}(?:\[\w{1,16}\])?)'|(\[.*\])), 'fortran_order': (?:True|False), 'shape': \((\d*(?:L?, ?\d+)*L?,?)\), ?\}[ \0]*\n?$/s;

export interface Npy {
  /** NumPy type code, such as "<f4", or the list of a record's fields. */
  type: string;
  /** Whether elements are Python objects, stored as a pickle after the header. */
  objects: boolean;
  shape: number[];
  /** Offset of the data in bytes. */
  offset: number;
}

/** Reads the header. Throws FORMAT_INVALID when it is damaged, or when the data of a numeric array does not fill the file. */
export async function readNpy(source: RandomAccess): Promise<Npy> {
  const head = await source.read(0, Math.min(12, source.size));
  if (head.length < 10 || Buffer.from(head.subarray(0, 6)).toString('latin1') !== '\x93NUMPY') {
    throw invalid('the NumPy signature is missing');
  }
  const long = head[6]! >= 2;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head[6]! < 1 || head[6]! > 3 || (long && head.length < 12))
    throw invalid(`the .npy version ${head[6]} is unknown`);
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = long ? 12 : 10;
  if (length > MAX_HEADER || start + length > source.size)
    throw invalid(`the header length is ${length} bytes`);
  const header = Buffer.from(await source.read(start, length)).toString('latin1');
  const objects = /'\|?O\d?'/.test(header);
  const found = HEADER.exec(header);
  if (!found && !objects) throw invalid('the header is malformed');
  const shape = (found?.[3] ?? '')
    .split(',')
    .flatMap((part) => /\d+/.exec(part) ?? [])
    .map(Number);
  const array = { type: found?.[1] ?? found?.[2] ?? '', objects, shape, offset: start + length };
  if (!objects) checkLength(array, source.size);
  return array;
}

function checkLength({ type, shape, offset }: Npy, size: number): void {
  const each = type.startsWith('[') ? new Fields(type).bytes() : bytesOf(type);
  const bytes = shape.reduce((product, dimension) => product * dimension, each);
  if (offset + bytes !== size) throw invalid(`the data has ${size - offset} bytes, the shape needs ${bytes}`);
}

function bytesOf(type: string): number {
  const [, kind, digits] = /^[<>|=]?([a-zA-Z])(\d{0,9})(?:\[\w{1,16}\])?$/.exec(type) ?? [];
  if (kind === undefined || !'?bBiufcSUVmM'.includes(kind))
    throw invalid(`the element type ${type} is not numeric`);
  return Number(digits || 1) * (kind === 'U' ? 4 : 1);
}

const MAX_RECORD_DEPTH = 8;

/** Parser for the fields of a record in Python syntax: `[('x', '<f8'), ('y', '<i4', (2, 3)), (('title', 'z'), [...])]`. */
class Fields {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Bytes of one record. */
  bytes(): number {
    const sum = this.#record(0);
    if (this.#at !== this.#text.length) this.#fail();
    return sum;
  }

  #record(depth: number): number {
    if (depth > MAX_RECORD_DEPTH) this.#fail();
    this.#take(/\[/y);
    let sum = 0;
    while (this.#text[this.#at] !== ']') {
      this.#take(NAME);
      const each =
        this.#text[this.#at] === '[' ? this.#record(depth + 1) : bytesOf(this.#take(TYPE).slice(1, -1));
      const [, shape = ''] = /^, \((.*)\)$/.exec(this.#take(SHAPE)) ?? [];
      sum += shape.split(',').reduce((product, side) => product * Number(side.trim() || 1), each);
      this.#take(/\)(, )?/y);
    }
    this.#take(/\]/y);
    return sum;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) this.#fail();
    this.#at += found.length;
    return found;
  }

  #fail(): never {
    throw invalid('the fields of a record are malformed');
  }
}

const NAME = /\((?:'[^'\\]{0,255}'|\('[^'\\]{0,255}', '[^'\\]{0,255}'\)), /y;
const TYPE = /'[^']{1,32}'/y;
const SHAPE = /(?:, \((?:\d{1,9}(?:, \d{1,9}){0,31},?)\))?/y;
