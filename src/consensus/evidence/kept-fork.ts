import { existsSync, readFileSync } from 'node:fs';
import { replaceFile } from '#base';
import { CHAIN_ID_BYTES, type Decoded, decode, encode, fixed, list, struct } from '#ledger';
import { commitCodec, type Vote, validatorSetCodec, voteCodec } from '../blocks/index.ts';
import { votesInInput } from '../engine/index.ts';
import { decodeRecord } from '../journal/index.ts';

const MAX_VOTES = 1 << 17;

const forkCodec = struct({
  chainId: fixed(CHAIN_ID_BYTES),
  /** The commit of this node's final block, and the one that contradicts it. */
  ours: commitCodec,
  theirs: commitCodec,
  /** The validators of this height. */
  validators: validatorSetCodec,
  /** Every vote of the height that this node has seen. */
  votes: list(voteCodec, MAX_VOTES),
});

/** Two final blocks of one height, with everything needed to assign blame. */
export type KeptFork = Decoded<typeof forkCodec>;

export function keepFork(path: string, fork: KeptFork): void {
  replaceFile(path, encode(forkCodec, fork));
}

/** Undefined when no fork was found. */
export const forkAt = (path: string): KeptFork | undefined =>
  existsSync(path) ? decode(forkCodec, new Uint8Array(readFileSync(path))) : undefined;

/** The votes in the journal records of a height. */
export function votesIn(records: readonly Uint8Array[]): Vote[] {
  return records.flatMap((bytes) => {
    const record = decodeRecord(bytes);
    return record.type === 'input' ? votesInInput(record.value) : [];
  });
}
