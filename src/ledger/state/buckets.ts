import { concat } from '#base';
import { Bucket, type BytesCodec, orderedNumber, type ReadView, rawBytes } from '#store';
import { MerkleMountainRange, SparseTree } from '../accumulators/index.ts';
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
} from '../codec/index.ts';
import { KEY_BYTES, VIEW_TAG_BYTES } from '../constants.ts';

/** First bytes of the keys of the state. From `ACCOUNTS` on the records are public accounts, under the sparse tree. */
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
  /** n of the derivation. */
  position: integer(0, 255),
  viewTag: fixed(VIEW_TAG_BYTES),
  /** Encrypted; of a minted output the amount itself, little-endian. */
  amount: fixed(8),
  /** 1 when the protocol made it: the amount is public, the mask is 1. */
  minted: byteOf(0, 1),
  height: integer(),
};

/** An output on the ledger, all that a wallet needs to find it. Points are whole here, not divided by 8. */
export const outputCodec = struct({
  /** P. */
  key,
  /** C. */
  commitment: key,
  /** R. */
  txKey: key,
  /** What P and the masks are bound to. */
  context: key,
  ...outputTail,
});

export type OutputRecord = Decoded<typeof outputCodec>;

export const headCodec = struct({ height: integer(), appHash: fixed(32) });
export type Head = Decoded<typeof headCodec>;

/** The last block: key 0. */
export const heads = new Bucket(TAG.head, orderedNumber, stored(headCodec));
/** By global number, from 0 in the order of creation. */
export const outputs = new Bucket(TAG.outputs, orderedNumber, stored(outputCodec));
/** The same, each as its bytes. */
export const outputBytes = new Bucket(TAG.outputs, orderedNumber, rawBytes);

const tailCodec = struct(outputTail);

/** When an output was made and how, which is all that a ring asks: without reading its points. */
export function ageOf(view: ReadView, number: number): Pick<OutputRecord, 'minted' | 'height'> | undefined {
  const bytes = outputBytes.get(view, number);
  return bytes && decode(tailCodec, bytes.subarray(4 * KEY_BYTES));
}

/** Height → how many outputs there are with that block; only blocks that made some. */
export const outputTotals = new Bucket(TAG.outputTotals, orderedNumber, stored(integer()));

/** How many outputs there are with the block of a height. */
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
/** The same, each as its bytes. */
export const spendBytes = new Bucket(TAG.spends, orderedNumber, rawBytes);
/** I → the height of its spend: what `spends` says, to look up. */
export const keyImages = new Bucket(TAG.keyImages, rawBytes, stored(integer()));
export const outputRange = new MerkleMountainRange(TAG.outputRange);
export const keyImageRange = new MerkleMountainRange(TAG.keyImageRange);
export const accountTree = new SparseTree(TAG.accountTree);

/** A record of which there is one. */
export const SINGLE: BytesCodec<null> = { encode: () => new Uint8Array(0), decode: () => null };

/** Sums that the supply invariant is about, in sparks; minted = burned + shielded + open. */
export const supplyCodec = struct({
  minted: amount,
  burned: amount,
  /** In outputs, where nobody sees it. */
  shielded: amount,
  /** In public accounts. */
  open: amount,
});
export type Supply = Decoded<typeof supplyCodec>;

/** TORCH bonded and key of a validator, spelled so that more comes first. */
const standingKey: BytesCodec<readonly [torch: number, validator: Uint8Array]> = {
  encode: ([torch, validator]) => concat([orderedNumber.encode(MOST_TORCH - torch), validator]),
  decode: (bytes) => [MOST_TORCH - orderedNumber.decode(bytes), bytes.slice(8)],
};

const MOST_TORCH = 2 ** 40;

const stakeCodec = struct({
  /** Sparks in all pools and on their way back from them. */
  atStake: amount,
  /** Sparks in all pools. */
  bonded: amount,
  /** Whole TORCH of those in `standings`. */
  standing: integer(),
});
export type Stake = Decoded<typeof stakeCodec>;

/** Validators with their least bond that are free to vote, those with the most bonded TORCH first. Follows from accounts. */
export const standings = new Bucket(TAG.standings, standingKey, stored(struct({})));
/** The same of those in jail. */
export const jailed = new Bucket(TAG.jailed, standingKey, stored(struct({})));
/** Sums over all validators. Follow from accounts. */
export const stakes = new Bucket(TAG.stake, SINGLE, stored(stakeCodec));
/** Consensus keys by the address that CometBFT has for them. Follow from accounts. */
export const keysByAddress = new Bucket(TAG.addresses, rawBytes, rawBytes);

/** A bucket of accounts: what they hold counts as `open` in the supply. */
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
