import { createHash, hash as hashOnce } from 'node:crypto';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Parses an even number of hexadecimal digits. Throws RangeError for anything else. */
export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new RangeError(`fromHex: not hexadecimal: ${text.slice(0, 80)}`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** Decodes UTF-8. Throws TypeError when the bytes are not valid UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

export const totalLength = (parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, part) => sum + part.length, 0);

/** Writes the parts into `out`, one after another, starting at `at`. */
export function writeParts(out: Uint8Array, at: number, parts: readonly Uint8Array[]): void {
  let next = at;
  for (const part of parts) {
    out.set(part, next);
    next += part.length;
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(totalLength(parts));
  writeParts(out, 0, parts);
  return out;
}

/** Reads a little-endian u32 without allocating a DataView, since this runs for every frame. */
export const readU32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return new Uint8Array(hashOnce('sha256', parts[0]!, 'buffer'));
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/**
 * sha256("bitorch/<purpose>/v1" ‖ 0x00 ‖ parts). The prefix separates domains: a hash for one purpose is never valid for
 * another.
 */
export function domainHash(purpose: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(utf8(`bitorch/${purpose}/v1\0`), ...parts);
}

/** The bytes of a Float32Array, without a copy. Requires a little-endian host, as WebAssembly memory is little-endian. */
export const bytesOf = (floats: Float32Array): Uint8Array =>
  new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
