import { createHash, hash as hashOnce } from 'node:crypto';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Strict: an even number of hexadecimal digits and nothing else; throws RangeError otherwise. */
export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new RangeError(`fromHex: not hexadecimal: ${text.slice(0, 80)}`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** Throws TypeError when the bytes are not UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return new Uint8Array(hashOnce('sha256', parts[0]!, 'buffer'));
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** sha256("bitorch/<purpose>/v1" ‖ 0x00 ‖ parts): a hash that cannot be mistaken for one of another purpose. */
export function domainHash(purpose: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(utf8(`bitorch/${purpose}/v1\0`), ...parts);
}

/** The bytes of a Float32Array, without a copy (little-endian hosts only, as WebAssembly memory is). */
export const bytesOf = (floats: Float32Array): Uint8Array =>
  new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
