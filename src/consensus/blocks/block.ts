import { equalBytes } from '#base';
import { blob, type Codec, type Decoded, decode, encode, list, MAX_TRANSACTION_BYTES, struct } from '#ledger';
import { HEADER_VERSION, MAX_BLOCK_BYTES, MAX_BLOCK_TRANSACTIONS } from '../constants.ts';
import { ensure, refuse } from '../errors.ts';
import { type Commit, commitCodec, commitHash } from './commit.ts';
import { type Header, headerCodec } from './header.ts';
import { merkleRoot } from './merkle.ts';
import type { ValidatorSet } from './validators.ts';

/** Encodes an optional value as a list of at most one. */
const optional = <T>(codec: Codec<T>): Codec<T | undefined> => {
  const few = list(codec, 1);
  return {
    write: (out, value) => few.write(out, value === undefined ? [] : [value]),
    read: (input) => few.read(input)[0],
  };
};

/** The head of a block: proves the header of the previous block. */
export const blockHeadCodec = struct({
  header: headerCodec,
  /** The commit of the previous block; none at the first height. */
  lastCommit: optional(commitCodec),
});

/** The body of a block, after its head. */
export const blockBodyCodec = struct({
  transactions: list(blob(MAX_TRANSACTION_BYTES), MAX_BLOCK_TRANSACTIONS),
});

export type Block = Decoded<typeof blockHeadCodec> & Decoded<typeof blockBodyCodec>;

const blockCodec: Codec<Block> = {
  write(out, block) {
    blockHeadCodec.write(out, block);
    blockBodyCodec.write(out, block);
  },
  read: (input) => ({ ...blockHeadCodec.read(input), ...blockBodyCodec.read(input) }),
};

/** Throws BLOCK_INVALID when the block is too long. */
export function encodeBlock(block: Block): Uint8Array {
  const bytes = encode(blockCodec, block);
  const { length } = bytes;
  ensure(length <= MAX_BLOCK_BYTES, 'BLOCK_INVALID', `a block has at most ${MAX_BLOCK_BYTES} bytes`, {
    length,
  });
  return bytes;
}

/**
 * Strict: the header's hashes must match the contents. Throws CODEC_INVALID when malformed, BLOCK_INVALID when a
 * hash differs.
 */
export function decodeBlock(bytes: Uint8Array): Block {
  const block = decode(blockCodec, bytes, MAX_BLOCK_BYTES);
  const { header, lastCommit, transactions } = block;
  requireEqual(header.lastCommit, commitHash(lastCommit), 'lastCommit');
  requireEqual(header.transactions, merkleRoot(transactions), 'transactions');
  return block;
}

/** The inputs of a new block. */
export type BlockContents = Omit<Header, 'version' | 'lastCommit' | 'transactions'> & {
  readonly lastCommit: Commit | undefined;
  readonly transactions: readonly Uint8Array[];
};

/** Builds a block with a matching header. */
export function makeBlock({ lastCommit, transactions, ...rest }: BlockContents): Block {
  const header: Header = {
    ...rest,
    version: HEADER_VERSION,
    lastCommit: commitHash(lastCommit),
    transactions: merkleRoot(transactions),
  };
  return { header, lastCommit, transactions };
}

/** What a chain requires of the block after its last one. */
export interface Tip {
  readonly chainId: Uint8Array;
  /** Height of the next block. */
  readonly height: number;
  readonly previous: Uint8Array;
  readonly previousTime: number;
  readonly validators: ValidatorSet;
  readonly nextValidators: ValidatorSet;
  readonly appHash: Uint8Array;
}

/**
 * Requires that a header continues the chain. The commit of the previous block has to be checked separately
 * (height, block, signatures), and so have the proposer and time of a new proposal. Throws BLOCK_INVALID when it
 * does not.
 */
export function requireNext(header: Header, tip: Tip): void {
  requireEqual(header.chainId, tip.chainId, 'chainId');
  if (header.height !== tip.height) {
    refuse('BLOCK_INVALID', `block ${header.height} instead of ${tip.height}`);
  }
  requireEqual(header.previous, tip.previous, 'previous');
  ensure(
    header.time > tip.previousTime,
    'BLOCK_INVALID',
    'the time is not after that of the previous block',
    {
      time: header.time,
      previous: tip.previousTime,
    },
  );
  requireEqual(header.validators, tip.validators.hash, 'validators');
  requireEqual(header.nextValidators, tip.nextValidators.hash, 'nextValidators');
  requireEqual(header.appHash, tip.appHash, 'appHash');
  ensure(tip.validators.placeOf(header.proposer) >= 0, 'BLOCK_INVALID', 'the proposer is not a validator');
}

function requireEqual(found: Uint8Array, expected: Uint8Array, field: string): void {
  ensure(equalBytes(found, expected), 'BLOCK_INVALID', `the header's ${field} does not match`);
}
