import { existsSync, readFileSync } from 'node:fs';
import { CHAIN_ID_BYTES, type Decoded, decode, encode, fixed, list, struct } from '#ledger';
import { commitCodec, type Vote, validatorSetCodec, voteCodec } from '../blocks/index.ts';
import { votesTold } from '../engine/index.ts';
import { decodeRecord, replaceFile } from '../journal/index.ts';

const MAX_VOTES = 1 << 17;

const forkCodec = struct({
  chainId: fixed(CHAIN_ID_BYTES),
  /** What this node holds for final, and what contradicts it. */
  ours: commitCodec,
  theirs: commitCodec,
  /** Who votes at this height. */
  validators: validatorSetCodec,
  /** Every vote of the height that this node has seen. */
  votes: list(voteCodec, MAX_VOTES),
});

/** Two final blocks of one height, with everything that tells whose fault it is. */
export type KeptFork = Decoded<typeof forkCodec>;

export function keepFork(path: string, fork: KeptFork): void {
  replaceFile(path, encode(forkCodec, fork));
}

/** Undefined when there never was one. */
export const forkAt = (path: string): KeptFork | undefined =>
  existsSync(path) ? decode(forkCodec, new Uint8Array(readFileSync(path))) : undefined;

/** The votes among the records of a height's journal. */
export function votesIn(records: readonly Uint8Array[]): Vote[] {
  return records.flatMap((bytes) => {
    const record = decodeRecord(bytes);
    return record.type === 'input' ? votesTold(record.value) : [];
  });
}
