import { BitorchError, domainHash, toHex, utf8 } from '#base';
import {
  type Block,
  type BlockResult,
  blob,
  deferring,
  type Equivocation,
  encode,
  fixed,
  integer,
  type Ledger,
  list,
  MAX_TRANSACTION_BYTES,
  parametersOf,
  type Spend,
  struct,
  type Transaction,
} from '#ledger';
import { Overlay } from '#store';
import type { BlockRequest, TransactionResult } from './application.ts';
import { verifyBeacon } from './beacon.ts';
import { applicationHash, type ChainRecord, nextRecord, recordHash } from './chain-record.ts';
import { ACCEPTED, type Refused, refusedFor, verdictOn } from './codes.ts';
import type { SpendVerifier } from './verification/spend-verifier.ts';

/** An executed block, not yet written. */
export interface Execution {
  readonly ledger: BlockResult;
  readonly record: ChainRecord;
  readonly appHash: Uint8Array;
  /** One per transaction of the block, the beacon included. */
  readonly results: readonly TransactionResult[];
}

/** A proposal executed as if all its proofs held, and the proofs that remain to be verified. */
export interface Rehearsal {
  readonly execution: Execution;
  readonly unverified: readonly Spend[];
  readonly unproven: readonly Equivocation[];
}

export interface ExecutionContext {
  readonly ledger: Ledger;
  readonly record: ChainRecord;
  readonly verifier: SpendVerifier;
}

/** Bytes that an engine may add around a transaction. */
export const FRAMING_BYTES = 5;

const NO_BEACON = new BitorchError('BEACON_INVALID', 'the block does not begin with its proposer’s beacon');

/**
 * Executes a block: a function of the state and the request, identical on every node. Proofs are verified first, in
 * threads; the remaining checks take about a millisecond per transaction.
 */
export async function execute(request: BlockRequest, context: ExecutionContext): Promise<Execution> {
  const { ledger, record, verifier } = context;
  const [beacon, ...rest] = request.transactions;
  const output = verifyBeacon(record.beacon, beacon, request.proposer, ledger.curve);
  const parsed = rest.map((bytes) => parse(ledger, bytes));
  const transactions = parsed.filter(isTransaction);
  const verified = await verifiedIds(transactions, ledger, verifier);
  const executed = ledger.execute(ledgerBlock(request, record, transactions), (id) =>
    verified.has(toHex(id)),
  );
  const refusals = [...executed.refusals];
  const results = parsed.map((entry) => {
    if (!isTransaction(entry)) return entry;
    const refusal = refusals.shift();
    return refusal ? refusedFor(refusal) : ACCEPTED;
  });
  if (request.transactions.length > 0) results.unshift(output ? ACCEPTED : refusedFor(NO_BEACON));
  return executionOf(request, context, { executed, output, results });
}

/**
 * Executes a proposal without the expensive proofs. Checks run from the cheapest to the most expensive and stop at
 * the first violation that no honest proposer commits: size, beacon, encoding, weight, duplicates, then every rule
 * except the proofs of spends and the signatures of evidence. Undefined when the proposal is to be rejected.
 */
export function rehearse(
  request: BlockRequest,
  context: Omit<ExecutionContext, 'verifier'>,
): Rehearsal | undefined {
  const { ledger, record } = context;
  const [beacon, ...rest] = request.transactions;
  if (!fits(request, record)) return undefined;
  const output = verifyBeacon(record.beacon, beacon, request.proposer, ledger.curve);
  if (!output) return undefined;
  const transactions: Transaction[] = [];
  const ids = new Set<string>();
  let weight = 0;
  for (const bytes of rest) {
    const transaction = ledger.parse(bytes);
    weight += transaction.weight;
    ids.add(toHex(transaction.hashes.id));
    transactions.push(transaction);
    if (weight > parametersOf(ledger.state).maxBlockWeight || ids.size < transactions.length)
      return undefined;
  }
  const unproven: Equivocation[] = [];
  const executed = ledger.apply(ledgerBlock(request, record, transactions), {
    isVerified: () => true,
    proves: deferring(unproven),
  });
  const unverified = transactions
    .filter(({ proofs, hashes }) => proofs.spend && !ledger.verified.has(hashes.id))
    .map((transaction) => ({ transaction, points: ledger.spends.resolve(transaction) }));
  const results = request.transactions.map(() => ACCEPTED);
  return { execution: executionOf(request, context, { executed, output, results }), unverified, unproven };
}

/** The block in the ledger's terms. */
function ledgerBlock(
  { height, proposer, misbehavior, lastCommit }: BlockRequest,
  { powers }: ChainRecord,
  transactions: readonly Transaction[],
): Block {
  const offenders = misbehavior
    .filter(({ kind }) => kind === 'duplicate-vote')
    .map(({ validator, height: at }) => ({ validator, height: at }));
  const attendance = lastCommit.votes.map(({ validator, flag }) => ({
    validator,
    signed: flag !== 'absent',
  }));
  return { height, proposer, transactions, offenders, attendance, powers };
}

function executionOf(
  request: BlockRequest,
  { ledger, record }: Pick<ExecutionContext, 'ledger' | 'record'>,
  done: { executed: BlockResult; output: Uint8Array | undefined; results: readonly TransactionResult[] },
): Execution {
  const { executed, output, results } = done;
  const after = new Overlay(ledger.state);
  for (const { key, value } of executed.changes) value ? after.put(key, value) : after.delete(key);
  const next = nextRecord(record, request, output, after);
  return {
    ledger: executed,
    record: next,
    appHash: applicationHash(executed.appHash, recordHash(next)),
    results,
  };
}

/** Ids of the transactions whose proofs hold. Caches new verdicts for the pool and later blocks. */
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
        verdictOn(error);
        return [];
      }
    });
  const verdicts = unknown.length > 0 ? await verifier.verify(state, unknown, 'block') : [];
  const good = unknown.filter((_, i) => verdicts[i]).map(({ transaction }) => transaction);
  for (const { hashes } of good) verified.add(hashes.id);
  return new Set([...known, ...good].map(({ hashes }) => toHex(hashes.id)));
}

/** Of the engine's transactions, those that parse and whose proofs hold. */
export async function verifiedOnly(
  bytes: readonly Uint8Array[],
  { ledger, verifier }: ExecutionContext,
): Promise<Transaction[]> {
  const transactions = bytes.map((one) => parse(ledger, one)).filter(isTransaction);
  const verified = await verifiedIds(transactions, ledger, verifier);
  return transactions.filter(({ proofs, hashes }) => !proofs.spend || verified.has(toHex(hashes.id)));
}

function parse(ledger: Ledger, bytes: Uint8Array): Transaction | Refused {
  try {
    return ledger.parse(bytes);
  } catch (error) {
    return verdictOn(error);
  }
}

const isTransaction = (entry: Transaction | Refused): entry is Transaction => 'hashes' in entry;

const fits = ({ transactions }: BlockRequest, { consensus }: ChainRecord): boolean =>
  transactions.reduce((sum, { length }) => sum + length + FRAMING_BYTES, 0) <= consensus.maxBytes;

const requestCodec = struct({
  height: integer(),
  time: integer(),
  proposer: fixed(32),
  transactions: list(blob(MAX_TRANSACTION_BYTES * 1_024), 2 ** 20),
  misbehavior: list(struct({ kind: blob(32), validator: fixed(32), height: integer() }), 2 ** 16),
  lastVotes: list(struct({ validator: fixed(32), flag: blob(8) }), 2 ** 16),
});

/** Identifies a block by everything that `execute` reads of it. */
export function requestHash(request: BlockRequest): string {
  const misbehavior = request.misbehavior.map((entry) => ({ ...entry, kind: utf8(entry.kind) }));
  const lastVotes = request.lastCommit.votes.map((vote) => ({ ...vote, flag: utf8(vote.flag) }));
  return toHex(domainHash('block-request', encode(requestCodec, { ...request, misbehavior, lastVotes })));
}
