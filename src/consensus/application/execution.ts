import { BitorchError, domainHash, utf8 } from '#base';
import {
  type BlockExecution,
  blob,
  encode,
  fixed,
  integer,
  type Ledger,
  list,
  MAX_TRANSACTION_BYTES,
  struct,
  type Transaction,
} from '#ledger';
import { Overlay } from '#store';
import { verifyBeacon } from '../beacon/index.ts';
import type { BlockRequest, TransactionResult } from './application.ts';
import { applicationHash, type ChainRecord, nextRecord, recordHash } from './chain-record.ts';
import { ACCEPTED, refusedFor } from './codes.ts';
import type { SpendVerifier } from './verification/spend-verifier.ts';

/** A block carried out, nothing of it written. */
export interface Execution {
  readonly ledger: BlockExecution;
  readonly record: ChainRecord;
  readonly appHash: Uint8Array;
  /** One for each transaction of the block, the beacon included. */
  readonly results: readonly TransactionResult[];
  /** Whether an honest proposer could have made it. */
  readonly sound: boolean;
}

export interface ExecutionContext {
  readonly ledger: Ledger;
  readonly record: ChainRecord;
  readonly verifier: SpendVerifier;
}

/** Bytes that an engine may need around a transaction. */
export const FRAMING_BYTES = 5;

const NO_BEACON = new BitorchError('BEACON_INVALID', 'the block does not begin with its proposer’s beacon');

/**
 * Carries a block out: a function of the state and the request, on every machine the same. Proofs are verified first,
 * in threads; what else there is to check takes about a millisecond a transaction.
 */
export async function execute(request: BlockRequest, context: ExecutionContext): Promise<Execution> {
  const { ledger, record, verifier } = context;
  const { height, proposer } = request;
  const [beacon, ...rest] = request.transactions;
  const output = verifyBeacon(record.beacon, beacon, proposer, ledger.curve);
  const parsed = rest.map((bytes) => parse(ledger, bytes));
  const transactions = parsed.filter(isTransaction);
  const verified = await verifiedIds(transactions, ledger, verifier);
  const offenders = request.misbehavior
    .filter(({ kind }) => kind === 'duplicate-vote')
    .map(({ validator }) => validator);
  const attendance = request.lastCommit.votes.map(({ validator, flag }) => ({
    validator,
    signed: flag !== 'absent',
  }));
  const executed = ledger.execute(
    { height, proposer, transactions, offenders, attendance, powers: record.powers },
    (id) => verified.has(hex(id)),
  );
  const refusals = [...executed.refusals];
  const results = parsed.map((entry) => {
    const refusal = entry instanceof BitorchError ? entry : refusals.shift();
    return refusal ? refusedFor(refusal) : ACCEPTED;
  });
  if (request.transactions.length > 0) results.unshift(output ? ACCEPTED : refusedFor(NO_BEACON));
  const after = new Overlay(ledger.state);
  for (const { key, value } of executed.changes) value ? after.put(key, value) : after.delete(key);
  const next = nextRecord(record, request, output, after);
  return {
    ledger: executed,
    record: next,
    appHash: applicationHash(executed.appHash, recordHash(next)),
    results,
    sound: output !== undefined && results.every(({ code }) => code === 0) && fits(request, record),
  };
}

/** The ids of those whose proofs hold; verdicts of new ones are kept for the pool and for later blocks. */
async function verifiedIds(
  transactions: readonly Transaction[],
  { verified, spends, state }: Ledger,
  verifier: SpendVerifier,
): Promise<ReadonlySet<string>> {
  const known = transactions.filter(({ hashes }) => verified.has(hashes.id));
  const unknown = transactions
    .filter(({ hashes, proofs }) => proofs.spend && !verified.has(hashes.id))
    .flatMap((transaction) => {
      try {
        return [{ transaction, points: spends.resolve(transaction) }];
      } catch (error) {
        refusedFor(error);
        return [];
      }
    });
  const verdicts = unknown.length > 0 ? await verifier.verify(state, unknown, 'block') : [];
  const good = unknown.filter((_, i) => verdicts[i]).map(({ transaction }) => transaction);
  for (const { hashes } of good) verified.add(hashes.id);
  return new Set([...known, ...good].map(({ hashes }) => hex(hashes.id)));
}

/** Of what waits with the engine, what parses and proves itself. */
export async function verifiedOnly(
  bytes: readonly Uint8Array[],
  { ledger, verifier }: ExecutionContext,
): Promise<Transaction[]> {
  const transactions = bytes.map((one) => parse(ledger, one)).filter(isTransaction);
  const verified = await verifiedIds(transactions, ledger, verifier);
  return transactions.filter(({ proofs, hashes }) => !proofs.spend || verified.has(hex(hashes.id)));
}

function parse(ledger: Ledger, bytes: Uint8Array): Transaction | BitorchError {
  try {
    return ledger.parse(bytes);
  } catch (error) {
    refusedFor(error);
    return error as BitorchError;
  }
}

const isTransaction = (entry: Transaction | BitorchError): entry is Transaction =>
  !(entry instanceof BitorchError);

const fits = ({ transactions }: BlockRequest, { consensus }: ChainRecord): boolean =>
  transactions.reduce((sum, { length }) => sum + length + FRAMING_BYTES, 0) <= consensus.maxBytes;

const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex');

const requestCodec = struct({
  height: integer(),
  time: integer(),
  proposer: fixed(32),
  transactions: list(blob(MAX_TRANSACTION_BYTES * 1_024), 2 ** 20),
  misbehavior: list(struct({ kind: blob(32), validator: fixed(32), height: integer() }), 2 ** 16),
  lastVotes: list(struct({ validator: fixed(32), flag: blob(8) }), 2 ** 16),
});

/** Tells blocks apart by what `execute` reads of them. */
export function requestHash(request: BlockRequest): string {
  const misbehavior = request.misbehavior.map((entry) => ({ ...entry, kind: utf8(entry.kind) }));
  const lastVotes = request.lastCommit.votes.map((vote) => ({ ...vote, flag: utf8(vote.flag) }));
  return hex(domainHash('block-request', encode(requestCodec, { ...request, misbehavior, lastVotes })));
}
