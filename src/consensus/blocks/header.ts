import { domainHash } from '#base';
import { byteOf, CHAIN_ID_BYTES, type Decoded, encode, fixed, integer, KEY_BYTES, struct } from '#ledger';
import { HASH_BYTES, HEADER_VERSION } from '../constants.ts';

const hash = fixed(HASH_BYTES);

export const headerCodec = struct({
  version: byteOf(HEADER_VERSION),
  chainId: fixed(CHAIN_ID_BYTES),
  height: integer(1),
  /** Milliseconds since 1970, the proposer's clock; later than the block before. */
  time: integer(0),
  /** Id of the block before; zeros for the first. */
  previous: hash,
  /** Of the commit of the block before. */
  lastCommit: hash,
  transactions: hash,
  /** Of the set that votes on this block, and of the next height's. */
  validators: hash,
  nextValidators: hash,
  /** The application's state after the block before. */
  appHash: hash,
  /** Consensus key of the one who made the block. */
  proposer: fixed(KEY_BYTES),
});

export type Header = Decoded<typeof headerCodec>;

/** No header is longer. */
export const MAX_HEADER_BYTES = 1 + CHAIN_ID_BYTES + 8 + 8 + 7 * HASH_BYTES;

/** The id of a block: domainHash('block-header', the header's bytes). */
export const blockId = (header: Header): Uint8Array =>
  domainHash('block-header', encode(headerCodec, header));
