import type { SigningKey } from '#crypto';
import { byteOf, type Decoded, encode, fixed, integer, struct } from './codec/index.ts';
import { CHAIN_ID_BYTES } from './constants.ts';

/** Domain of vote signatures. */
export const VOTE_PURPOSE = 'vote';

/** The message that a validator signs in consensus. Two signed votes that differ only in `block` prove equivocation. */
export const voteCodec = struct({
  chainId: fixed(CHAIN_ID_BYTES),
  height: integer(1),
  round: integer(0, 2 ** 31),
  /** 1: prevote, 2: precommit. */
  kind: byteOf(1, 2),
  /** Hash of the block; zeros for a nil vote. */
  block: fixed(32),
});

export type Vote = Decoded<typeof voteCodec>;

export const signVote = (vote: Vote, key: SigningKey): Uint8Array =>
  key.sign(VOTE_PURPOSE, encode(voteCodec, vote));
