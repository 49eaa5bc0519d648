import { domainHash } from '#base';
import { byteOf, CHAIN_ID_BYTES, type Decoded, encode, fixed, integer, KEY_BYTES, struct } from '#ledger';
import { HASH_BYTES, HEADER_VERSION } from '../constants.ts';

const hash = fixed(HASH_BYTES);

export const headerCodec = struct({
  version: byteOf(HEADER_VERSION),
  chainId: fixed(CHAIN_ID_BYTES),
  height: integer(1),
  /** The proposer's clock, ms since epoch; later than the previous block. */
  time: integer(0),
  /** Id of the previous block; zeros for the first. */
  previous: hash,
  /** Hash of the previous block's commit. */
  lastCommit: hash,
  transactions: hash,
  /** Hashes of the set that votes on this block, and of the next height's. */
  validators: hash,
  nextValidators: hash,
  /** App hash after the previous block. */
  appHash: hash,
  /** Consensus key of the validator that made the block. */
  proposer: fixed(KEY_BYTES),
});

export type Header = Decoded<typeof headerCodec>;

/** Longest encoded header, in bytes. */
export const MAX_HEADER_BYTES = 1 + CHAIN_ID_BYTES + 8 + 8 + 7 * HASH_BYTES;

/** The id of a block: domainHash('block-header', encoded header). */
export const blockId = (header: Header): Uint8Array =>
  domainHash('block-header', encode(headerCodec, header));
