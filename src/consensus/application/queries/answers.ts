import { BitorchError, equalBytes, toHex } from '#base';
import {
  ACCOUNTS,
  decode,
  encode,
  feeRecord,
  type Head,
  heads,
  jailed,
  keyImageRange,
  keyImages,
  keysByAddress,
  leading,
  MAX_OUTPUTS_ASKED,
  MAX_SPENDS_ASKED,
  MAX_TOTALS_ASKED,
  type MerkleMountainRange,
  outputRange,
  outputs,
  outputTotals,
  parametersOf,
  type Stretch,
  spends,
  supplyRecord,
  validators,
} from '#ledger';
import type { ReadView } from '#store';
import { type ChainRecord, chainRecordOf } from '../chain-record.ts';
import { proveAccount } from './account-proof.ts';
import {
  type AnswerTo,
  type AskedBy,
  MAX_QUESTION_BYTES,
  QUESTIONS,
  type QuestionPath,
} from './questions.ts';
import { provenRoots } from './roots.ts';

/** What queries read: the state after the last block. */
export interface AnswerSource {
  readonly state: ReadView;
  readonly head: Head;
  readonly record: ChainRecord;
  /** Transactions waiting for a block. */
  readonly pool: PoolSize;
}

export interface PoolSize {
  readonly count: number;
  readonly bytes: number;
}

/** The source in a store, or in a snapshot of one. Throws CHAIN_MISSING when no chain has begun there. */
function sourceIn(state: ReadView, pool: PoolSize): AnswerSource {
  const [head, record] = [heads.get(state, 0), chainRecordOf(state)];
  if (!head || !record)
    throw new BitorchError('CHAIN_MISSING', 'the chain has not begun: there is no genesis yet');
  return { state, head, record, pool };
}

type Answers = {
  readonly [P in QuestionPath]: (source: AnswerSource, asked: AskedBy<P>) => AnswerTo<P>;
};

const ANSWERS: Answers = {
  '/status': ({ state, head, pool, record: { name, genesis, time, consensus } }) => ({
    name,
    genesis,
    height: head.height,
    time,
    outputs: outputRange.count(state),
    spends: keyImageRange.count(state),
    baseFee: feeRecord.bucket.get(state, null)!.base,
    parameters: parametersOf(state),
    consensus,
    pool,
  }),
  '/supply': ({ state }) => supplyRecord.bucket.get(state, null)!,
  '/beacon': ({ record }) => record.beacon,
  '/validators': ({ state, record }) => {
    const powers = new Map(record.powers.map(({ key, power }) => [toHex(key), power]));
    const { maxValidators } = record.consensus;
    const next = [...leading(state, maxValidators), ...leading(state, maxValidators, jailed)];
    const keys = [...[...record.powers, ...next].map(({ key }) => key), ...record.founders].sort(
      Buffer.compare,
    );
    return keys.flatMap((key, i) => {
      const validator =
        i > 0 && equalBytes(keys[i - 1]!, key) ? undefined : validators.bucket.get(state, key);
      const power = powers.get(toHex(key)) ?? 0;
      return validator ? [{ key, power, record: validator }] : [];
    });
  },
  '/validator-key': ({ state }, { address }) => {
    const key = keysByAddress.get(state, address);
    return key ? [key] : [];
  },
  '/outputs': ({ state }, asked) => outputsIn(state, asked),
  '/outputs-at': ({ state }, numbers) => numbers.map((number) => outputAt(state, number)),
  '/totals': ({ state }, { from }) => {
    const totals: { height: number; total: number }[] = [];
    for (const [height, total] of outputTotals.entries(state, { from })) {
      if (totals.push({ height, total }) === MAX_TOTALS_ASKED) break;
    }
    const [below] = outputTotals.entries(state, { to: from, reverse: true });
    return { before: below?.[1] ?? 0, totals };
  },
  '/spends': ({ state }, asked) => spendsIn(state, asked),
  '/key-images': ({ state }, images) => images.map((image) => keyImages.get(state, image) ?? 0),
  '/account': ({ state }, { key }) => {
    if (!(key[0]! >= ACCOUNTS)) refuse('an account whose key does not begin with 128 or more');
    const value = state.get(key);
    return value ? [value] : [];
  },
  '/roots': (source) => provenRoots(source),
  '/proven-outputs': ({ state }, stretch) => ({
    outputs: outputsIn(state, stretch),
    proof: proofOf(outputRange, state, stretch),
  }),
  '/proven-spends': ({ state }, stretch) => ({
    spends: spendsIn(state, stretch),
    proof: proofOf(keyImageRange, state, stretch),
  }),
  '/proven-outputs-at': ({ state }, { numbers, count }) =>
    numbers.map((from) => ({
      output: outputAt(state, from),
      proof: proofOf(outputRange, state, { from, to: from + 1, count }),
    })),
};

function outputsIn(state: ReadView, { from, to }: Omit<Stretch, 'count'>) {
  if (to - from > MAX_OUTPUTS_ASKED || to > outputRange.count(state))
    refuse('too many outputs, or some that do not exist');
  return [...outputs.entries(state, { from, to })].map(([, output]) => output);
}

const outputAt = (state: ReadView, number: number) =>
  outputs.get(state, number) ?? refuse('an output that does not exist');

function spendsIn(state: ReadView, { from, to }: Omit<Stretch, 'count'>) {
  if (to - from > MAX_SPENDS_ASKED || to > keyImageRange.count(state))
    refuse('too many spends, or some that do not exist');
  return [...spends.entries(state, { from, to })].map(([, spend]) => spend);
}

function proofOf(range: MerkleMountainRange, state: ReadView, stretch: Stretch): Uint8Array[] {
  const { from, to, count } = stretch;
  if (from > to || to > count || count > range.count(state)) refuse('a proof of records that do not exist');
  return range.prove(state, stretch);
}

export interface Answer {
  readonly value: Uint8Array;
  readonly proof: Uint8Array;
}

/** One query of the state after the last block; `height`, if given, must be that block's. */
export interface Asked {
  readonly path: string;
  readonly data: Uint8Array;
  readonly height: number;
  readonly prove: boolean;
}

/** Throws QUERY_INVALID or CODEC_INVALID when the question is invalid, CHAIN_MISSING when no chain has begun. */
export function answerIn(
  state: ReadView,
  pool: PoolSize,
  asked: Asked,
): Answer & { readonly height: number } {
  const source = sourceIn(state, pool);
  const { height } = source.head;
  if (asked.height !== 0 && asked.height !== height)
    refuse(`the state after block ${asked.height}: only the state after ${height} is available`);
  return { ...answer(source, asked.path, asked.data, asked.prove), height };
}

/** Throws QUERY_INVALID or CODEC_INVALID when the question is invalid. */
function answer(source: AnswerSource, path: string, data: Uint8Array, prove: boolean): Answer {
  if (!Object.hasOwn(QUESTIONS, path)) refuse(`${JSON.stringify(path.slice(0, 40))}, which is not a query`);
  return answerTo(source, path as QuestionPath, data, prove);
}

function answerTo<P extends QuestionPath>(
  source: AnswerSource,
  path: P,
  data: Uint8Array,
  prove: boolean,
): Answer {
  const { question, answer: codec } = QUESTIONS[path];
  const asked = decode(question as never, data, MAX_QUESTION_BYTES) as AskedBy<P>;
  if (prove && path !== '/account') refuse(`a proof of ${path}: only accounts have proofs`);
  const value = encode(codec as never, ANSWERS[path](source, asked) as never);
  const proof = prove ? proveAccount(source, (asked as AskedBy<'/account'>).key) : new Uint8Array(0);
  return { value, proof };
}

function refuse(what: string): never {
  throw new BitorchError('QUERY_INVALID', `the application was asked for ${what}`);
}
