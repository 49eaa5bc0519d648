/** WebP (RFC 9649): a RIFF container of chunks. */
import type { ByteWindow, Reading } from './byte-window.ts';
import { invalid } from './errors.ts';
import { checkVp8l, checkVp8lAlpha, type Vp8lSize } from './vp8l.ts';

/** Valid chunk names. Chunks with unknown names are skipped, as readers must (§2.7.1.6). */
const NAME = /^[A-Za-z0-9]{3}[A-Za-z0-9 ]$/;
const FRAME_HEADER = 16;
/** Maximum bytes that the tables of a lossless image may span. */
const MAX_TABLES = 1 << 22;

const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const little16 = (bytes: Uint8Array, at: number): number => bytes[at]! + bytes[at + 1]! * 256;
const little24 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! + bytes[at + 1]! * 256 + bytes[at + 2]! * 65_536;

/** Walks all chunks and checks the tables of lossless images and alpha channels. Throws FORMAT_INVALID when it is damaged. */
export function* readWebp(window: ByteWindow): Reading<Vp8lSize> {
  if (!window.has(12, 'the WebP header')) yield 12;
  const magic = ascii(window.bytes(4));
  const length = window.uint32();
  if (magic !== 'RIFF' || ascii(window.bytes(4)) !== 'WEBP') throw invalid('no WebP signature');
  const end = length + 8;
  if (end > window.end) throw invalid(`the WebP header states ${end} bytes, the file has ${window.end}`);
  let canvas: Vp8lSize | undefined;
  while (window.at < end) {
    const { type, bytes } = yield* readHead(window, end);
    const start = window.at;
    if (type === 'ANMF') yield* readFrame(window, start + bytes);
    else {
      const size = yield* readImageChunk(window, type, bytes, canvas);
      canvas ??= size;
    }
    window.at = start;
    // Some writers do not pad the last chunk.
    window.skip(Math.min(bytes + (bytes % 2), end - start), `WebP chunk ${type}`);
  }
  if (!canvas) throw invalid('the WebP has no image');
  return canvas;
}

function* readHead(window: ByteWindow, end: number): Reading<{ type: string; bytes: number }> {
  if (end - window.at < 8) throw invalid('a WebP chunk runs over the end');
  if (!window.has(8, 'a WebP chunk')) yield 8;
  const type = ascii(window.bytes(4));
  const bytes = window.uint32();
  if (!NAME.test(type)) throw invalid('a WebP chunk has no name');
  if (bytes > end - window.at) throw invalid(`WebP chunk ${JSON.stringify(type)} runs over the end`);
  return { type, bytes };
}

/** A frame of an animation: its position and size, then its own chunks. */
function* readFrame(window: ByteWindow, end: number): Reading<void> {
  if (end - window.at < FRAME_HEADER) throw invalid('a WebP frame without a header');
  if (!window.has(FRAME_HEADER, 'a WebP frame')) yield FRAME_HEADER;
  const head = window.bytes(FRAME_HEADER);
  const size = { width: little24(head, 6) + 1, height: little24(head, 9) + 1 };
  while (window.at < end) {
    const { type, bytes } = yield* readHead(window, end);
    const start = window.at;
    yield* readImageChunk(window, type, bytes, size);
    window.at = start;
    window.skip(Math.min(bytes + (bytes % 2), end - start), `WebP chunk ${type}`);
  }
}

/** The image size that a chunk states, if any. `canvas` is the size of the image that contains the chunk. */
function* readImageChunk(
  window: ByteWindow,
  type: string,
  bytes: number,
  canvas: Vp8lSize | undefined,
): Reading<Vp8lSize | undefined> {
  const wanted = { 'VP8 ': 10, VP8X: 10, ALPH: MAX_TABLES, VP8L: MAX_TABLES }[type];
  if (wanted === undefined) return undefined;
  const length = Math.min(wanted, bytes);
  if (!window.has(length, `WebP chunk ${type}`)) yield length;
  const body = window.bytes(length);
  if (type === 'VP8L') return checkVp8l(body);
  if (type === 'ALPH') {
    const packed = (body[0] ?? 3) & 3;
    if (packed > 1 || !canvas) throw invalid('the alpha channel of the WebP is invalid');
    if (packed === 1) checkVp8lAlpha(body.subarray(1), canvas);
    return undefined;
  }
  if (length < 10) throw invalid(`WebP chunk ${type} is too short`);
  if (type === 'VP8X') return { width: little24(body, 4) + 1, height: little24(body, 7) + 1 };
  return { width: little16(body, 6) & 0x3fff, height: little16(body, 8) & 0x3fff };
}
