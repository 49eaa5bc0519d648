/** Structural checks of images in model cards. Each format is parsed from the first byte to the last; no pixel is decoded. */
import { crc32 } from 'node:zlib';
import { ByteWindow, type Reading, readFrom } from './byte-window.ts';
import { invalid } from './errors.ts';
import { isSamsungTrailer } from './samsung-trailer.ts';
import type { RandomAccess } from './tensor.ts';
import { readWebp } from './webp.ts';

export type ImageFormat = 'png' | 'jpeg' | 'gif' | 'webp';

/** Size in pixels. */
export interface ImageSize {
  width: number;
  height: number;
}

/** Size of an image and the offset of its end, which is the end of the file unless other data follows the image. */
export interface ImageExtent extends ImageSize {
  end: number;
}

const WALKERS: Readonly<Record<ImageFormat, (window: ByteWindow) => Reading<ImageSize>>> = {
  png: readPng,
  jpeg: readJpeg,
  gif: readGif,
  webp: readWebp,
};

/** Checks the structure of an image up to its last byte. Throws FORMAT_INVALID when it is damaged. */
export async function readImage(source: RandomAccess, format: ImageFormat): Promise<ImageExtent> {
  const window = new ByteWindow(0, source.size);
  return readFrom(source, window, readExtent(window, format));
}

function* readExtent(window: ByteWindow, format: ImageFormat): Reading<ImageExtent> {
  const { width, height } = yield* WALKERS[format](window);
  const end = window.at;
  return { width, height, end: (yield* isKnownTrailer(window, format)) ? window.end : end };
}

function* want(window: ByteWindow, bytes: number, what: string): Reading<void> {
  if (!window.has(bytes, what)) yield bytes;
}

const big16 = (bytes: Uint8Array, at = 0): number => bytes[at]! * 256 + bytes[at + 1]!;
const big32 = (bytes: Uint8Array, at = 0): number => big16(bytes, at) * 65_536 + big16(bytes, at + 2);
const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Editors and file transfers append newlines or zeros to images. */
const MAX_PADDING = 1024;
const MAX_TRAILER = 1 << 20;

const isPadding = (bytes: Uint8Array): boolean =>
  bytes.length <= MAX_PADDING && bytes.every((byte) => byte === 0 || byte === 0x0a || byte === 0x0d);

/** Whether the data after the image is padding or the trailer that Samsung phones append to photographs. */
function* isKnownTrailer(window: ByteWindow, format: ImageFormat): Reading<boolean> {
  const { left } = window;
  if (left > MAX_TRAILER) return false;
  yield* want(window, left, 'the end of the image');
  const rest = window.bytes(left);
  return isPadding(rest) || (format === 'jpeg' && isSamsungTrailer(rest));
}

/** PNG (W3C, third edition): chunks with checksums, IHDR first, IEND last. */
function* readPng(window: ByteWindow): Reading<ImageSize> {
  yield* want(window, 33, 'the PNG header');
  if (ascii(window.bytes(8)) !== '\x89PNG\r\n\x1a\n') throw invalid('no PNG signature');
  let size: ImageSize | undefined;
  for (let type = ''; type !== 'IEND'; ) {
    yield* want(window, 8, 'a PNG chunk');
    const head = window.bytes(8).slice();
    type = ascii(head.subarray(4));
    if (!/^[A-Za-z]{4}$/.test(type)) throw invalid('a PNG chunk has no name');
    if (!size !== (type === 'IHDR')) throw invalid('the PNG does not begin with one IHDR');
    const length = big32(head);
    let checksum = crc32(head.subarray(4));
    for (let left = length; left > 0; ) {
      const part = Math.min(left, 1 << 16);
      yield* want(window, part, `PNG chunk ${type}`);
      const bytes = window.bytes(part);
      if (type === 'IHDR') size = { width: big32(bytes), height: big32(bytes, 4) };
      checksum = crc32(bytes, checksum);
      left -= part;
    }
    yield* want(window, 4, `PNG chunk ${type}`);
    if (big32(window.bytes(4)) !== checksum) throw invalid(`PNG chunk ${type} has a wrong checksum`);
    if (type === 'IHDR' && length !== 13) throw invalid('IHDR does not have 13 bytes');
    if (type === 'IEND' && length !== 0) throw invalid('IEND is not empty');
  }
  return size!;
}

/** Cameras append previews, depth maps and gain maps as further JPEG images (CIPA DC-007). */
const MAX_PICTURES = 32;

/** One or several concatenated JPEG images. */
function* readJpeg(window: ByteWindow): Reading<ImageSize> {
  const size = yield* readPicture(window);
  for (let pictures = 1; pictures < MAX_PICTURES && window.left > 3; pictures++) {
    yield* want(window, 3, 'a JPEG');
    if (window.peek() !== 0xff || window.peek(1) !== 0xd8 || window.peek(2) !== 0xff) break;
    yield* readPicture(window);
  }
  return size;
}

/** JPEG (ITU T.81, annex B): segments, entropy-coded data between SOS and the next marker, EOI at the end. */
function* readPicture(window: ByteWindow): Reading<ImageSize> {
  yield* want(window, 2, 'the JPEG header');
  if (big16(window.bytes(2)) !== 0xffd8) throw invalid('no JPEG signature');
  let size: ImageSize | undefined;
  for (;;) {
    yield* want(window, 2, 'a JPEG marker');
    if (window.uint8() !== 0xff) throw invalid('a JPEG marker was expected');
    let marker = window.uint8();
    while (marker === 0xff) {
      yield* want(window, 1, 'a JPEG marker');
      marker = window.uint8();
    }
    if (marker === 0xd9) break;
    if (marker === 0 || marker === 0xd8 || marker === 1 || (marker >= 0xd0 && marker <= 0xd7)) {
      throw invalid('a JPEG marker is not allowed at its position');
    }
    yield* want(window, 2, 'a JPEG segment');
    const length = big16(window.bytes(2)) - 2;
    if (length < 0) throw invalid('a JPEG segment has a negative length');
    yield* want(window, length, 'a JPEG segment');
    const body = window.bytes(length);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && length >= 6) size = { height: big16(body, 1), width: big16(body, 3) };
    if (marker === 0xda) yield* skipEntropy(window);
  }
  if (!size) throw invalid('the JPEG has no frame');
  return size;
}

/** Skips entropy-coded data up to the next marker that is neither a stuffed byte nor a restart. */
function* skipEntropy(window: ByteWindow): Reading<void> {
  for (;;) {
    yield* want(window, 2, 'JPEG image data');
    while (window.buffered >= 2) {
      if (window.peek() !== 0xff) window.at++;
      else if (window.peek(1) === 0 || (window.peek(1) >= 0xd0 && window.peek(1) <= 0xd7)) window.at += 2;
      else if (window.peek(1) === 0xff) window.at++;
      else return;
    }
  }
}

/** GIF89a: blocks of sub-blocks, ended by a trailer, or by the end of the file, since some old writers omit the trailer. */
function* readGif(window: ByteWindow): Reading<ImageSize> {
  yield* want(window, 13, 'the GIF header');
  const head = window.bytes(13).slice();
  if (!/^GIF8[79]a$/.test(ascii(head.subarray(0, 6)))) throw invalid('no GIF signature');
  const size = { width: head[6]! + 256 * head[7]!, height: head[8]! + 256 * head[9]! };
  window.skip(colourTable(head[10]!), 'the GIF colour table');
  let images = 0;
  while (window.left > 0 || images === 0) {
    yield* want(window, 1, 'a GIF block');
    const kind = window.uint8();
    if (kind === 0x3b) break;
    if (kind === 0x2c) {
      images++;
      yield* want(window, 10, 'a GIF image');
      const flags = window.bytes(9)[8]!;
      window.skip(colourTable(flags) + 1, 'a GIF image');
    } else if (kind === 0x21) window.skip(1, 'a GIF extension');
    else if (images > 0) {
      // Like other readers, treat an unknown block after an image as the trailer.
      window.at--;
      break;
    } else throw invalid(`a GIF block has the unknown kind ${kind}`);
    for (let length = -1; length !== 0; ) {
      yield* want(window, 1, 'a GIF sub-block');
      length = window.uint8();
      window.skip(length, 'a GIF sub-block');
    }
  }
  return size;
}

const colourTable = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
