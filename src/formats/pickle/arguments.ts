/** Parses the arguments that follow an opcode in the stream. */
import { toHex } from '#base';
import type { ByteWindow, Reading } from '../byte-window.ts';
import { invalid } from '../errors.ts';
import type { Argument } from './opcodes.ts';
import type { PickleBytes, PickleValue } from './values.ts';

const MAX_LINE = 1 << 16;
/** Bytes of a blob and characters of a text that are kept. */
const KEPT_BYTES = 512;
const KEPT_TEXT = 4096;
const MAX_LONG = 4096;
const LENGTH_BYTES = { bytes1: 1, text1: 1, bytes4: 4, text4: 4, bytes8: 8, text8: 8 };

/** Reads the argument of the opcode `name`. Throws FORMAT_INVALID when it is malformed. */
export function* readArgument(window: ByteWindow, form: Argument, name: string): Reading<PickleValue> {
  switch (form) {
    case 'none':
      return null;
    case 'line':
      return lineValue(yield* readLine(window, name), name);
    case 'two-lines': {
      const module = utf8(yield* readLine(window, name), name);
      return { kind: 'global', module, name: utf8(yield* readLine(window, name), name) };
    }
    case 'uint1':
    case 'uint2':
    case 'int4':
    case 'uint4':
    case 'uint8':
    case 'float8':
      return yield* readFixed(window, form, name);
    case 'long1':
    case 'long4':
      return yield* readLong(window, form === 'long1' ? 1 : 4, name);
    default:
      return yield* readBlob(window, form, name);
  }
}

function* readFixed(
  window: ByteWindow,
  form: 'uint1' | 'uint2' | 'int4' | 'uint4' | 'uint8' | 'float8',
  name: string,
): Reading<number | bigint> {
  const bytes = Number(form.at(-1));
  if (!window.has(bytes, name)) yield bytes;
  if (form === 'uint1') return window.uint8();
  if (form === 'uint2') return window.uint16();
  if (form === 'int4') return window.int32();
  if (form === 'uint4') return window.uint32();
  if (form === 'uint8') return window.uint64();
  const big = window.bytes(8);
  return new DataView(big.buffer, big.byteOffset).getFloat64(0, false);
}

function* readLine(window: ByteWindow, name: string): Reading<string> {
  let line = '';
  for (;;) {
    if (!window.has(1, name)) yield 1;
    const part = window.bytes(window.buffered);
    const end = part.indexOf(0x0a);
    line += Buffer.from(end < 0 ? part : part.subarray(0, end)).toString('latin1');
    if (line.length > MAX_LINE) throw invalid(`a line of ${name} is longer than ${MAX_LINE} bytes`);
    if (end < 0) continue;
    window.at -= part.length - end - 1;
    return line;
  }
}

/** Value of a line argument. Python reads lines as UTF-8, or as ASCII with escapes. */
function lineValue(line: string, name: string): PickleValue {
  switch (name) {
    case 'INT':
    case 'LONG':
    case 'GET':
    case 'PUT':
      return lineNumber(line, name);
    case 'FLOAT':
      return Number.parseFloat(line);
    case 'STRING':
      return lineString(line);
    case 'UNICODE':
      return line
        .slice(0, KEPT_TEXT)
        .replace(/\\u([0-9a-fA-F]{4})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    default:
      return line;
  }
}

function lineNumber(line: string, name: string): boolean | number | bigint {
  if (name === 'INT' && /^0[01]$/.test(line)) return line === '01';
  const digits = line.trim().replace(/L$/, '').replaceAll('_', '');
  if (!/^[+-]?(0x[0-9a-f]+|0o[0-7]+|0b[01]+|\d+)$/i.test(digits))
    throw invalid(`the argument of ${name} is not a number`);
  const value = digits.length > 15 ? Number.NaN : Number(digits);
  return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
}

/** A quoted Python 2 string. */
function lineString(line: string): string {
  const quoted = /^\s*(['"])(.*)\1\s*$/s.exec(line);
  if (!quoted) throw invalid('STRING needs quotes');
  return quoted[2]!
    .slice(0, KEPT_TEXT)
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\([0-7]{1,3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8) & 255))
    .replace(/\\(.)/g, (_, character) => ({ n: '\n', t: '\t', r: '\r' })[character as 'n'] ?? character);
}

function* readLong(window: ByteWindow, lengthBytes: 1 | 4, name: string): Reading<number | bigint> {
  if (!window.has(lengthBytes, name)) yield lengthBytes;
  const length = lengthBytes === 1 ? window.uint8() : window.int32();
  if (length < 0) throw invalid(`${name} has a negative length`);
  if (length > MAX_LONG) {
    window.skip(length, name);
    return Number.POSITIVE_INFINITY;
  }
  if (!window.has(length, name)) yield length;
  const little = toHex(window.bytes(length).toReversed());
  return length === 0 ? 0 : BigInt.asIntN(8 * length, BigInt(`0x${little}`));
}

function* readBlob(window: ByteWindow, form: keyof typeof LENGTH_BYTES, name: string): Reading<PickleValue> {
  const lengthBytes = LENGTH_BYTES[form];
  if (!window.has(lengthBytes, name)) yield lengthBytes;
  const length =
    lengthBytes === 1 ? window.uint8() : lengthBytes === 4 ? window.uint32() : Number(window.uint64());
  const isText = form.startsWith('text');
  const kept = Math.min(length, isText ? KEPT_TEXT : KEPT_BYTES);
  if (length > window.left) throw invalid(`${name} of ${length} bytes runs over the end of the file`);
  if (!window.has(kept, name)) yield kept;
  const offset = window.at;
  const head = window.bytes(kept).slice();
  window.skip(length - kept, name);
  if (isText) return Buffer.from(head).toString('utf8');
  const bytes: PickleBytes = { kind: 'bytes', head, offset, length };
  // Byte strings of Python 2 become texts; they can be module names, for example.
  return name.includes('STRING') ? Buffer.from(head).toString('latin1') : bytes;
}

const utf8 = (latin1: string, name: string): string => {
  if (latin1.length > 1024) throw invalid(`a name of ${name} is longer than 1024 bytes`);
  return Buffer.from(latin1, 'latin1').toString('utf8');
};
