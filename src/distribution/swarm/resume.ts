import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  check,
  decodeCanonical,
  encodeCanonical,
  equalBytes,
  toHex,
  writeFileAtomic,
  z,
  zBytes,
  zBytesUpTo,
} from '#base';
import { type Metainfo, pieceSize } from '../metainfo.ts';
import { Bitfield } from './bitfield.ts';
import { FULL_CHECK_BYTES, SPOT_CHECKS } from './constants.ts';
import type { Store } from './store.ts';

const resumeSchema = z.strictObject({
  format: z.literal(1),
  infohash: zBytes(20),
  have: zBytesUpTo(1 << 20),
});

const resumePath = (directory: string, metainfo: Metainfo): string =>
  join(directory, `.${toHex(metainfo.infohash)}.resume`);

/** Whether a torrent is too large to be hashed at each start, so that resume data is kept for it. */
export const needsResume = (metainfo: Metainfo): boolean => metainfo.length > FULL_CHECK_BYTES;

/** Records the verified pieces; all of them must be durable on disk. */
export async function saveResume(directory: string, metainfo: Metainfo, have: Uint8Array): Promise<void> {
  const bytes = encodeCanonical({ format: 1, infohash: metainfo.infohash, have });
  await writeFileAtomic(resumePath(directory, metainfo), bytes);
}

/**
 * The valid pieces on disk. Up to 1 GiB every piece is hashed. For larger torrents resume data is trusted if a random
 * sample of its pieces is valid; otherwise everything is hashed. Pieces written after the last save count as missing.
 */
export async function verifiedOnDisk(
  directory: string,
  metainfo: Metainfo,
  store: Store,
  onPiece: (checked: number) => void,
): Promise<Bitfield> {
  const recorded = needsResume(metainfo) ? await loadResume(directory, metainfo) : undefined;
  if (recorded && (await isSampleValid(recorded, metainfo, store))) return recorded;
  return hashedOnDisk(metainfo, store, onPiece);
}

/** The valid pieces on disk, by hashing each. */
export async function hashedOnDisk(
  metainfo: Metainfo,
  store: Store,
  onPiece: (checked: number) => void = () => undefined,
): Promise<Bitfield> {
  const have = new Bitfield(metainfo.pieceCount);
  const buffer = bufferFor(metainfo);
  for (let index = 0; index < metainfo.pieceCount; index++) {
    if (await isPieceValid(metainfo, store, index, buffer)) have.add(index);
    onPiece(index + 1);
  }
  return have;
}

async function loadResume(directory: string, metainfo: Metainfo): Promise<Bitfield | undefined> {
  try {
    const bytes = new Uint8Array(await readFile(resumePath(directory, metainfo)));
    const resume = check(resumeSchema, decodeCanonical(bytes, 2 << 20, { items: 1 << 18 }), 'resume data');
    return equalBytes(resume.infohash, metainfo.infohash)
      ? Bitfield.parse(resume.have, metainfo.pieceCount)
      : undefined;
  } catch {
    // Missing or damaged: all pieces are hashed instead.
    return undefined;
  }
}

async function isSampleValid(recorded: Bitfield, metainfo: Metainfo, store: Store): Promise<boolean> {
  const pieces = [...recorded];
  const buffer = bufferFor(metainfo);
  for (let n = 0; n < Math.min(SPOT_CHECKS, pieces.length); n++) {
    const index = pieces[Math.floor(Math.random() * pieces.length)]!;
    if (!(await isPieceValid(metainfo, store, index, buffer))) return false;
  }
  return true;
}

const bufferFor = (metainfo: Metainfo): Uint8Array => Buffer.allocUnsafeSlow(metainfo.pieceLength);

async function isPieceValid(
  metainfo: Metainfo,
  store: Store,
  index: number,
  buffer: Uint8Array,
): Promise<boolean> {
  const piece = buffer.subarray(0, pieceSize(metainfo, index));
  return (await store.readPiece(index, piece)) && store.isValid(index, piece);
}
