import { concat } from '#base';
import { Bucket, type BytesCodec, orderedNumber, type ReadView, rawBytes } from '#store';
import { MerkleMountainRange, SparseTree } from './accumulators/index.ts';
import {
  amount,
  byteOf,
  type Codec,
  type Decoded,
  decode,
  fixed,
  integer,
  stored,
  struct,
} from './codec/index.ts';
import { KEY_BYTES, VIEW_TAG_BYTES } from './constants.ts';

/** First byte of each store key. Tags from `ACCOUNTS` up are public accounts, covered by the sparse tree. */
const TAG = {
  head: 1,
  outputs: 2,
  outputTotals: 3,
  keyImages: 4,
  outputRange: 5,
  keyImageRange: 7,
  accountTree: 9,
  spends: 10,
  standings: 11,
  stake: 12,
  addresses: 13,
  jailed: 14,
};
export const OUTPUTS = TAG.outputs;
export const SPENDS = TAG.spends;
export const ACCOUNTS = 0x80;

const key = fixed(KEY_BYTES);

const outputTail = {
  /** Index n in the output derivation. */
  position: integer(0, 255),
  viewTag: fixed(VIEW_TAG_BYTES),
  /** Encrypted; for a minted output the plain amount, little-endian. */
  amount: fixed(8),
  /** 1 if created by the protocol: the amount is public and the mask is 1. */
  minted: byteOf(0, 1),
  height: integer(),
};

/** An output on the ledger, with everything a wallet needs to find it. Points are stored as they are, not divided by 8. */
export const outputCodec = struct({
  /** P. */
  key,
  /** C. */
  commitment: key,
  /** R. */
  txKey: key,
  /** Context to which P and the masks are bound. */
  context: key,
  ...outputTail,
});

export type OutputRecord = Decoded<typeof outputCodec>;

const headCodec = struct({ height: integer(), appHash: fixed(32) });
export type Head = Decoded<typeof headCodec>;

/** The last block, at key 0. */
export const heads = new Bucket(TAG.head, orderedNumber, stored(headCodec));
/** Outputs by global number, from 0 in order of creation. */
export const outputs = new Bucket(TAG.outputs, orderedNumber, stored(outputCodec));
/** Outputs by global number, as raw bytes. */
export const outputBytes = new Bucket(TAG.outputs, orderedNumber, rawBytes);

const tailCodec = struct(outputTail);

/** Height and kind of an output, which is all that a ring rule needs; skips decoding its points. */
export function ageOf(view: ReadView, number: number): Pick<OutputRecord, 'minted' | 'height'> | undefined {
  const bytes = outputBytes.get(view, number);
  return bytes && decode(tailCodec, bytes.subarray(4 * KEY_BYTES));
}

/** Height → total number of outputs after that block; only for blocks that created outputs. */
export const outputTotals = new Bucket(TAG.outputTotals, orderedNumber, stored(integer()));

/** Total number of outputs after the block at `height`. */
export function outputsUpTo(view: ReadView, height: number): number {
  const [last] = outputTotals.entries(view, { to: Math.max(0, height + 1), reverse: true });
  return last?.[1] ?? 0;
}

export const spendCodec = struct({
  /** I. */
  keyImage: key,
  height: integer(),
});

export type SpendRecord = Decoded<typeof spendCodec>;

/** Spends by number, from 0 in the order of blocks. */
export const spends = new Bucket(TAG.spends, orderedNumber, stored(spendCodec));
/** Spends by number, as raw bytes. */
export const spendBytes = new Bucket(TAG.spends, orderedNumber, rawBytes);
/** Key image I → height of its spend: an index of `spends`. */
export const keyImages = new Bucket(TAG.keyImages, rawBytes, stored(integer()));
export const outputRange = new MerkleMountainRange(TAG.outputRange);
export const keyImageRange = new MerkleMountainRange(TAG.keyImageRange);
export const accountTree = new SparseTree(TAG.accountTree);

/** Key codec of a bucket with a single record. */
export const SINGLE: BytesCodec<null> = { encode: () => new Uint8Array(0), decode: () => null };

/** Sums of the supply invariant, in sparks: minted = burned + shielded + open. */
export const supplyCodec = struct({
  minted: amount,
  burned: amount,
  /** In outputs, with hidden amounts. */
  shielded: amount,
  /** In public accounts. */
  open: amount,
});
export type Supply = Decoded<typeof supplyCodec>;

/** Bonded TORCH and key of a validator, encoded so that larger stakes come first. */
const standingKey: BytesCodec<readonly [torch: number, validator: Uint8Array]> = {
  encode: ([torch, validator]) => concat([orderedNumber.encode(MOST_TORCH - torch), validator]),
  decode: (bytes) => [MOST_TORCH - orderedNumber.decode(bytes), bytes.slice(8)],
};

const MOST_TORCH = 2 ** 40;

const stakeCodec = struct({
  /** Sparks in all pools and in pending withdrawals from them. */
  atStake: amount,
  /** Sparks in all pools. */
  bonded: amount,
  /** Whole TORCH of the validators in `standings`. */
  standing: integer(),
});
export type Stake = Decoded<typeof stakeCodec>;

/** Validators that may vote, with at least the minimum bond; most bonded TORCH first. Derived from accounts. */
export const standings = new Bucket(TAG.standings, standingKey, stored(struct({})));
/** The same for validators in jail. */
export const jailed = new Bucket(TAG.jailed, standingKey, stored(struct({})));
/** Sums over all validators. Derived from accounts. */
export const stakes = new Bucket(TAG.stake, SINGLE, stored(stakeCodec));
/** Consensus keys by CometBFT address. Derived from accounts. */
export const keysByAddress = new Bucket(TAG.addresses, rawBytes, rawBytes);

/** A kind of public account: its balances count as `open` in the supply. */
export interface AccountKind<K, V> {
  readonly tag: number;
  readonly bucket: Bucket<K, V>;
  balance(bytes: Uint8Array): bigint;
}

export function accountKind<K, V>(
  offset: number,
  keys: BytesCodec<K>,
  codec: Codec<V>,
  balance: (value: V) => bigint,
): AccountKind<K, V> {
  const values = stored(codec);
  const tag = ACCOUNTS + offset;
  return { tag, bucket: new Bucket(tag, keys, values), balance: (bytes) => balance(values.decode(bytes)) };
}
