import { createHash } from 'node:crypto';
import { BitorchError, fromUtf8, utf8 } from '#base';
import { type BencodeDictionary, type BencodeValue, decodeBencode, encodeBencode } from './bencode.ts';
import { checkPath, checkPaths, MAX_FILES } from './paths.ts';

const MIN_PIECE_LENGTH = 16 * 1024;
const MAX_PIECE_LENGTH = 16 * 1024 * 1024;
export const MAX_METAINFO_BYTES = 16 * 1024 * 1024;
const MAX_TRACKERS = 20;
const SHA1_BYTES = 20;

export interface MetainfoFile {
  /** `/`-joined, relative to the torrent's directory. */
  readonly path: string;
  readonly length: number;
  /** Byte offset of the file in the torrent's content. */
  readonly offset: number;
}

/** A torrent (BEP 3, version 1). The name of a multi-file torrent is only a title, not a directory. */
export interface Metainfo {
  /** SHA-1 of the info dictionary's exact bytes. */
  readonly infohash: Uint8Array;
  readonly name: string;
  readonly pieceLength: number;
  readonly pieceCount: number;
  /** SHA-1 of each piece, 20 bytes each. */
  readonly pieces: Uint8Array;
  readonly length: number;
  readonly files: readonly MetainfoFile[];
  readonly trackers: readonly string[];
  /** The whole .torrent file. */
  readonly bytes: Uint8Array;
}

/** The fields of the info dictionary, which determine the infohash. */
export interface TorrentInfo {
  name: string;
  pieceLength: number;
  pieces: Uint8Array;
  files: { path: string; length: number }[];
}

/** Size of piece `index` in bytes: pieceLength, except for the last piece. */
export const pieceSize = (m: Metainfo, index: number): number =>
  index === m.pieceCount - 1 ? m.length - index * m.pieceLength : m.pieceLength;

/** The smallest power of two from 64 KiB to 16 MiB that yields at most 2048 pieces: 1024–2048 pieces for 64 MiB–32 GiB. */
export function pieceLengthFor(totalBytes: number): number {
  let length = 64 * 1024;
  while (length < MAX_PIECE_LENGTH && totalBytes / length > 2048) length *= 2;
  return length;
}

/** Builds the .torrent file; a single file uses BEP 3's single-file form. Deterministic. */
export function encodeMetainfo(info: TorrentInfo, trackers: readonly string[]): Metainfo {
  const dictionary: BencodeDictionary = new Map<string, BencodeValue>([
    ['name', utf8(info.name)],
    ['piece length', info.pieceLength],
    ['pieces', info.pieces],
  ]);
  const [only] = info.files;
  if (info.files.length === 1 && only!.path === info.name) dictionary.set('length', only!.length);
  else dictionary.set('files', info.files.map(encodeFile));

  const root: BencodeDictionary = new Map<string, BencodeValue>([['info', dictionary]]);
  const [first] = trackers;
  if (first !== undefined) root.set('announce', utf8(first));
  if (trackers.length > 1) root.set('announce-list', [trackers.map(utf8)]);
  return parseMetainfo(encodeBencode(root));
}

const encodeFile = ({ path, length }: { path: string; length: number }): BencodeValue =>
  new Map<string, BencodeValue>([
    ['length', length],
    ['path', path.split('/').map(utf8)],
  ]);

/**
 * Parses an untrusted .torrent file: bounded sizes, safe paths, and the exact number of pieces that its files need. Throws
 * METAINFO_INVALID, BENCODE_INVALID or PATH_UNSAFE.
 */
export function parseMetainfo(bytes: Uint8Array): Metainfo {
  const root = dictionaryOf(decodeBencode(bytes, { maxBytes: MAX_METAINFO_BYTES }), 'metainfo');
  const info = dictionaryOf(root.get('info'), 'info');
  const name = textOf(info.get('name'), 'name');
  checkPath(name);
  const pieceLength = countOf(info.get('piece length'), 'piece length');
  if (!isPieceLength(pieceLength)) {
    throw invalid(`piece length ${pieceLength} is not a power of two from 16 KiB to 16 MiB`);
  }
  const files = filesOf(info, name);
  checkPaths(files.map((file) => file.path));
  const length = files.reduce((sum, file) => sum + file.length, 0);
  if (length === 0 || !Number.isSafeInteger(length))
    throw invalid('no content, or more than can be addressed');
  const pieces = bytesOf(info.get('pieces'), 'pieces');
  const pieceCount = Math.ceil(length / pieceLength);
  if (pieces.length !== pieceCount * SHA1_BYTES) {
    throw invalid(`${pieces.length} bytes of hashes, not 20 for each of ${pieceCount} pieces`);
  }
  // The decoder accepts only the canonical encoding, so re-encoding gives the original bytes.
  const infohash = new Uint8Array(createHash('sha1').update(encodeBencode(info)).digest());
  return {
    infohash,
    name,
    pieceLength,
    pieceCount,
    pieces,
    length,
    files,
    trackers: trackersOf(root),
    bytes,
  };
}

export const isPieceLength = (n: number): boolean =>
  n >= MIN_PIECE_LENGTH && n <= MAX_PIECE_LENGTH && (n & (n - 1)) === 0;

function filesOf(info: BencodeDictionary, name: string): MetainfoFile[] {
  const list = info.get('files');
  if (list === undefined) return [{ path: name, length: countOf(info.get('length'), 'length'), offset: 0 }];
  if (!Array.isArray(list) || info.has('length')) throw invalid('files is not the list of files');
  if (list.length > MAX_FILES) throw invalid(`${list.length} files, at most ${MAX_FILES}`);
  let offset = 0;
  return list.map((item) => {
    const entry = dictionaryOf(item, 'file');
    const segments = entry.get('path');
    if (!Array.isArray(segments) || segments.length === 0) throw invalid('a file has no path');
    const names = segments.map((segment) => textOf(segment, 'path'));
    if (names.some((segment) => segment.includes('/'))) throw invalid('a path segment holds a slash');
    const file = { path: names.join('/'), length: countOf(entry.get('length'), 'length'), offset };
    offset += file.length;
    return file;
  });
}

/** The tiers of BEP 12, flattened; entries that are not HTTP URLs are skipped. */
function trackersOf(root: BencodeDictionary): string[] {
  const tiers = root.get('announce-list');
  const listed = Array.isArray(tiers) ? tiers.flatMap((tier) => (Array.isArray(tier) ? tier : [])) : [];
  const all = [root.get('announce'), ...listed].filter((value) => value instanceof Uint8Array);
  const urls = all.map((value) => Buffer.from(value).toString('latin1'));
  return [...new Set(urls.filter((url) => /^https?:\/\//.test(url) && URL.canParse(url)))].slice(
    0,
    MAX_TRACKERS,
  );
}

function dictionaryOf(value: BencodeValue | undefined, what: string): BencodeDictionary {
  if (!(value instanceof Map)) throw invalid(`${what} is not a dictionary`);
  return value;
}

function bytesOf(value: BencodeValue | undefined, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw invalid(`${what} is not a string`);
  return value;
}

function countOf(value: BencodeValue | undefined, what: string): number {
  if (typeof value !== 'number' || value < 0) throw invalid(`${what} is not a size`);
  return value;
}

function textOf(value: BencodeValue | undefined, what: string): string {
  try {
    return fromUtf8(bytesOf(value, what));
  } catch {
    throw invalid(`${what} is not UTF-8 text`);
  }
}

const invalid = (what: string): BitorchError =>
  new BitorchError('METAINFO_INVALID', `torrent refused: ${what}`);
