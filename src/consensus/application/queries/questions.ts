import {
  amount,
  blob,
  type Codec,
  type Decoded,
  fixed,
  integer,
  list,
  MAX_OUTPUTS_ASKED,
  MAX_SPENDS_ASKED,
  MAX_TOTALS_ASKED,
  outputCodec,
  parametersCodec,
  spendCodec,
  struct,
  supplyCodec,
  validatorCodec,
} from '#ledger';
import { beaconCodec } from '../beacon.ts';
import { consensusCodec } from '../genesis.ts';

/** The queries of the application and the encoding of questions and answers: docs/protocol/application.md. */

const MAX_KEY_IMAGES_ASKED = 1_000;
/** Most outputs per query with a proof each. */
export const MAX_PROVEN_AT = 500;
const MAX_TREE_SIBLINGS = 256;
const MAX_PEAKS = 53;
const MAX_RANGE_SIBLINGS = 3 * MAX_PEAKS;

const NOTHING = struct({});
const HASH = fixed(32);

const statusCodec = struct({
  name: blob(48),
  genesis: HASH,
  height: integer(),
  /** Time of the block at that height, ms since epoch. */
  time: integer(),
  outputs: integer(),
  spends: integer(),
  /** Sparks per unit of weight in the next block. */
  baseFee: amount,
  parameters: parametersCodec,
  consensus: consensusCodec,
  /** This node's pool. */
  pool: struct({ count: integer(), bytes: integer() }),
});

/** The root of a state, its components, and two of its records with their proofs under `accounts`. */
const rootsCodec = struct({
  height: integer(),
  outputs: integer(),
  spends: integer(),
  outputsRoot: HASH,
  outputsPeaks: list(HASH, MAX_PEAKS),
  spendsRoot: HASH,
  spendsPeaks: list(HASH, MAX_PEAKS),
  accountsRoot: HASH,
  /** Hash of the chain record. */
  record: HASH,
  parameters: parametersCodec,
  parametersProof: list(HASH, MAX_TREE_SIBLINGS),
  baseFee: amount,
  baseFeeProof: list(HASH, MAX_TREE_SIBLINGS),
});
export type Roots = Decoded<typeof rootsCodec>;

const stretch = struct({ from: integer(), to: integer(), count: integer() });
const rangeProof = list(HASH, MAX_RANGE_SIBLINGS);

const validatorsCodec = list(
  struct({
    key: HASH,
    /** As last reported to consensus; 0 for a validator outside the active set. */
    power: integer(),
    record: validatorCodec,
  }),
  4_000,
);

export interface Question<Q, A> {
  readonly question: Codec<Q>;
  readonly answer: Codec<A>;
}

const define = <Q, A>(question: Codec<Q>, answer: Codec<A>): Question<Q, A> => ({ question, answer });

export const QUESTIONS = {
  '/status': define(NOTHING, statusCodec),
  '/supply': define(NOTHING, supplyCodec),
  '/beacon': define(NOTHING, beaconCodec),
  /** The active set, the next ones by bond, as many jailed ones, and the founders. */
  '/validators': define(NOTHING, validatorsCodec),
  /** The key of a validator with a record, by the first 20 bytes of its SHA-256: CometBFT's address. */
  '/validator-key': define(struct({ address: fixed(20) }), list(HASH, 1)),
  '/outputs': define(struct({ from: integer(), to: integer() }), list(outputCodec, MAX_OUTPUTS_ASKED)),
  '/outputs-at': define(list(integer(), MAX_OUTPUTS_ASKED), list(outputCodec, MAX_OUTPUTS_ASKED)),
  '/totals': define(
    struct({ from: integer() }),
    struct({
      before: integer(),
      totals: list(struct({ height: integer(), total: integer() }), MAX_TOTALS_ASKED),
    }),
  ),
  '/spends': define(struct({ from: integer(), to: integer() }), list(spendCodec, MAX_SPENDS_ASKED)),
  /**
   * Heights at which they were spent, 0 if unspent. Reveals to the answering node which belong together: ask only
   * one's own node.
   */
  '/key-images': define(list(HASH, MAX_KEY_IMAGES_ASKED), list(integer(), MAX_KEY_IMAGES_ASKED)),
  /** The record under a key of the state, tag first; empty if there is none. Provable. */
  '/account': define(struct({ key: blob(128) }), list(blob(2 ** 20), 1)),
  /** For wallets that trust no node: compared with the app hash of a header. */
  '/roots': define(NOTHING, rootsCodec),
  /** Records `[from, to)`, proven against the root of the first `count`, which a header proves. */
  '/proven-outputs': define(
    stretch,
    struct({ outputs: list(outputCodec, MAX_OUTPUTS_ASKED), proof: rangeProof }),
  ),
  '/proven-spends': define(
    stretch,
    struct({ spends: list(spendCodec, MAX_SPENDS_ASKED), proof: rangeProof }),
  ),
  /** Outputs with these numbers, each with its proof. */
  '/proven-outputs-at': define(
    struct({ numbers: list(integer(), MAX_PROVEN_AT), count: integer() }),
    list(struct({ output: outputCodec, proof: rangeProof }), MAX_PROVEN_AT),
  ),
} as const;

export type QuestionPath = keyof typeof QUESTIONS;
export type AskedBy<P extends QuestionPath> = Decoded<(typeof QUESTIONS)[P]['question']>;
export type AnswerTo<P extends QuestionPath> = Decoded<(typeof QUESTIONS)[P]['answer']>;

/** Longest question and longest answer, in bytes. */
export const MAX_QUESTION_BYTES = 65_536;
export const MAX_ANSWER_BYTES = 2 ** 24;
