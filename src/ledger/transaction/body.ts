import { type Action, actionsCodec } from '../actions/registry.ts';
import type { ByteReader, ByteWriter } from '../codec/index.ts';
import {
  amount,
  blob,
  byteOf,
  type Codec,
  codecError,
  type Decoded,
  fixed,
  integer,
  list,
  struct,
} from '../codec/index.ts';
import {
  CHAIN_ID_BYTES,
  KEY_BYTES,
  MAX_INPUTS,
  MAX_MEMO_BYTES,
  MAX_OUTPUTS,
  MIN_OUTPUTS,
  RING_SIZE,
  VIEW_TAG_BYTES,
} from '../constants.ts';

/** The content of a transaction, without its proofs. Points are encoded divided by 8. */
export interface Body {
  readonly chainId: Uint8Array;
  /** The last height at which a block may include it. */
  readonly expiry: number;
  /** Sparks. */
  readonly fee: bigint;
  readonly inputs: readonly Input[];
  readonly outputs: readonly NewOutput[];
  /** For the receivers, encrypted by the sender; opaque to the ledger. */
  readonly memo: Uint8Array;
  readonly actions: readonly Action[];
}

/** A spend of one of the ring's outputs. */
export interface Input {
  /** Global numbers of outputs, ascending. */
  readonly ring: readonly number[];
  /** I/8. */
  readonly keyImage: Uint8Array;
}

const KEY = fixed(KEY_BYTES);

const outputCodec = struct({
  /** P/8, C/8 and R/8. */
  key: KEY,
  commitment: KEY,
  txKey: KEY,
  encryptedAmount: fixed(8),
  viewTag: fixed(VIEW_TAG_BYTES),
});

export type NewOutput = Decoded<typeof outputCodec>;

/** The first number, then the difference to each next one, at least 1: the encoding itself makes rings ascending. */
const ringCodec: Codec<readonly number[]> = {
  write(out, ring) {
    for (const [i, number] of ring.entries()) {
      if (i === 0) integer().write(out, number);
      else integer(1).write(out, number - ring[i - 1]!);
    }
  },
  read(input) {
    const ring = [integer().read(input)];
    while (ring.length < RING_SIZE) ring.push(ring.at(-1)! + integer(1).read(input));
    if (!Number.isSafeInteger(ring.at(-1))) throw codecError('a ring reaches past 2^53');
    return ring;
  },
};

const VERSION = byteOf(1);
/** 0: spends shielded money. 1: moves money of public accounts only. */
const KIND = byteOf(0, 1);
const CHAIN_ID = fixed(CHAIN_ID_BYTES);
const INPUTS = list(struct({ ring: ringCodec, keyImage: KEY }), MAX_INPUTS, 1);
const OUTPUTS = list(outputCodec, MAX_OUTPUTS, MIN_OUTPUTS);
const MEMO = blob(MAX_MEMO_BYTES);

export const bodyCodec: Codec<Body> = {
  write(out: ByteWriter, body: Body) {
    const isPublic = body.inputs.length === 0 && body.outputs.length === 0 && body.memo.length === 0;
    VERSION.write(out, 1);
    KIND.write(out, isPublic ? 1 : 0);
    CHAIN_ID.write(out, body.chainId);
    integer().write(out, body.expiry);
    amount.write(out, body.fee);
    if (!isPublic) {
      INPUTS.write(out, body.inputs);
      OUTPUTS.write(out, body.outputs);
      MEMO.write(out, body.memo);
    }
    actionsCodec.write(out, body.actions);
  },
  read(input: ByteReader): Body {
    VERSION.read(input);
    const isPrivate = KIND.read(input) === 0;
    return {
      chainId: CHAIN_ID.read(input),
      expiry: integer().read(input),
      fee: amount.read(input),
      inputs: isPrivate ? INPUTS.read(input) : [],
      outputs: isPrivate ? OUTPUTS.read(input) : [],
      memo: isPrivate ? MEMO.read(input) : new Uint8Array(0),
      actions: actionsCodec.read(input),
    };
  },
};
