import { codeOf, messageOf } from '#base';
import { HEAD_BYTES, identify, type RandomAccess } from '#formats';
import { convertRefused } from '../errors.ts';
import type { AllowedGlobals, Checkpoint } from './checkpoint.ts';
import { readStreamCheckpoint } from './stream-checkpoint.ts';
import { readTarCheckpoint } from './tar-checkpoint.ts';
import { readZipCheckpoint } from './zip-checkpoint.ts';

/**
 * Opens a checkpoint in any of the three formats: a ZIP (torch ≥ 1.6), concatenated pickles (≥ 0.1.12) or a tar
 * (before). Throws CONVERT_REFUSED when a pickle does more than rebuild data, or the file is malformed.
 */
export async function openCheckpoint(source: RandomAccess, allowed: AllowedGlobals): Promise<Checkpoint> {
  const kind = identify(await source.read(0, Math.min(HEAD_BYTES, source.size)), source.size);
  const read = kind !== undefined && READERS[kind];
  if (!read) throw convertRefused('it is not a PyTorch checkpoint');
  try {
    return await read(source, allowed);
  } catch (error) {
    if (!codeOf(error).startsWith('FORMAT_')) throw error;
    throw convertRefused(messageOf(error));
  }
}

const READERS: Readonly<
  Record<string, (source: RandomAccess, allowed: AllowedGlobals) => Promise<Checkpoint>>
> = {
  zip: readZipCheckpoint,
  pickle: readStreamCheckpoint,
  tar: readTarCheckpoint,
};
