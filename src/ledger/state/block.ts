import { BitorchError, domainHash } from '#base';
import type { Curve } from '#crypto';
import { type Change, orderedNumber, type ReadView, type WriteView } from '#store';
import { balanceOf, feeRecord, supplyRecord, validators } from '../accounts/index.ts';
import { encode } from '../codec/index.ts';
import { ensure, refusalOf } from '../errors.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { applyTransaction, shareFee } from './apply.ts';
import {
  ACCOUNTS,
  accountTree,
  heads,
  keyImageRange,
  type OutputRecord,
  outputBytes,
  outputCodec,
  outputRange,
  outputTotals,
  type SpendRecord,
  spendBytes,
  spendCodec,
} from './buckets.ts';
import { Draft } from './draft.ts';
import { endEpoch } from './epoch.ts';
import { nextBaseFee } from './fees.ts';
import { payDues } from './payments.ts';
import { isPunishable, noteAttendance, punishEquivocation } from './slashing.ts';
import type { Spend, SpendRules } from './spending.ts';
import { nextSupply } from './supply.ts';
import { noteTenure, type Share } from './tenure.ts';

/** What consensus agrees on, as far as the ledger goes. */
export interface Block {
  readonly height: number;
  /** Consensus key of the one who proposed it. */
  readonly proposer?: Uint8Array;
  readonly transactions: readonly Transaction[];
  /** Validators that consensus itself has proved to have voted twice, and at which height. */
  readonly offenders?: readonly { readonly validator: Uint8Array; readonly height: number }[];
  /** Who could have signed the block before this one, and whether it did. */
  readonly attendance?: readonly { readonly validator: Uint8Array; readonly signed: boolean }[];
  /** The power in consensus in this block: by all of an epoch's the validators' part of an emission is shared. */
  readonly powers?: readonly Share[];
}

/** A block applied but not written: commit `changes` and it has happened. */
export interface BlockResult {
  readonly height: number;
  readonly appHash: Uint8Array;
  readonly changes: readonly Change[];
  /** In the order of their global numbers, from `firstOutput` on. */
  readonly created: readonly OutputRecord[];
  readonly firstOutput: number;
}

/** A block of which some transactions may have been refused. */
export interface BlockExecution extends BlockResult {
  /** For each transaction why it had no effect, or undefined. */
  readonly refusals: readonly (BitorchError | undefined)[];
}

export interface BlockRules {
  readonly curve: Curve;
  readonly spends: SpendRules;
  /** Whether the spend proofs of a transaction were verified before, on this chain. */
  isVerified(id: Uint8Array): boolean;
}

/**
 * The transition of the ledger: a function of the state before and the block, nothing else. Throws BLOCK_INVALID, or
 * TRANSACTION_INVALID for the first transaction that breaks a rule; the view stays as it was either way.
 */
export function applyBlock(state: ReadView, block: Block, rules: BlockRules): BlockResult {
  const draft = beginBlock(state, block, rules.curve);
  const weight = block.transactions.reduce((sum, transaction) => sum + transaction.weight, 0);
  if (weight > draft.parameters.maxBlockWeight) {
    throw new BitorchError(
      'BLOCK_INVALID',
      `a block of weight ${weight}, over ${draft.parameters.maxBlockWeight}`,
    );
  }
  const unverified: Spend[] = [];
  for (const transaction of block.transactions) {
    const points = rules.spends.resolve(transaction);
    include(draft, { transaction, points }, block.proposer);
    const known = rules.isVerified(transaction.hashes.id);
    if (transaction.proofs.spend && !known) unverified.push({ transaction, points });
  }
  rules.spends.verify(state, unverified);
  return endBlock(state, draft, block, weight);
}

/**
 * The same transition for a block that was decided whatever is in it: a transaction that breaks a rule, does not fit
 * or is not verified is left out. Verify the proofs first: here `isVerified` is the verdict.
 */
export function executeBlock(state: ReadView, block: Block, rules: BlockRules): BlockExecution {
  const draft = beginBlock(state, block, rules.curve);
  let weight = 0;
  const refusals = block.transactions.map((transaction) => {
    const fork = draft.fork();
    const refusal = refusalOf(() => {
      ensure(weight + transaction.weight <= draft.parameters.maxBlockWeight, 'the block is full');
      const proven = !transaction.proofs.spend || rules.isVerified(transaction.hashes.id);
      ensure(proven, 'its proofs do not hold');
      include(fork, { transaction, points: rules.spends.resolve(transaction) }, block.proposer);
    });
    if (refusal) return refusal;
    draft.adopt(fork);
    weight += transaction.weight;
    return undefined;
  });
  return { ...endBlock(state, draft, block, weight), refusals };
}

function beginBlock(state: ReadView, { height }: Block, curve: Curve): Draft {
  const head = heads.get(state, 0);
  if (!head || height !== head.height + 1) {
    throw new BitorchError('BLOCK_INVALID', `block ${height} does not follow block ${head?.height}`);
  }
  return new Draft(state, height, curve);
}

function include(draft: Draft, { transaction, points }: Spend, proposer: Uint8Array | undefined): void {
  applyTransaction(draft, transaction, points);
  shareFee(draft, transaction, proposer);
}

/** Numbers spends and puts them under their accumulator. */
export function recordSpends(view: WriteView, records: readonly SpendRecord[]): void {
  const first = keyImageRange.count(view);
  const encoded = records.map((spend) => encode(spendCodec, spend));
  for (const [i, bytes] of encoded.entries()) spendBytes.put(view, first + i, bytes);
  keyImageRange.append(view, encoded);
}

/** Numbers outputs and puts them under their accumulator: the number of the first. */
export function recordOutputs(view: WriteView, records: readonly OutputRecord[]): number {
  const first = outputRange.count(view);
  const encoded = records.map((output) => encode(outputCodec, output));
  for (const [i, bytes] of encoded.entries()) outputBytes.put(view, first + i, bytes);
  outputRange.append(view, encoded);
  return first;
}

/** What happens in a block after its transactions. */
function endBlock(state: ReadView, draft: Draft, block: Block, weight: number): BlockResult {
  for (const offender of block.offenders ?? []) punish(draft, offender);
  for (const { validator, signed } of block.attendance ?? []) noteAttendance(draft, validator, signed);
  noteTenure(draft.view, block.height, block.powers);
  if (block.height % draft.parameters.epochBlocks === 0) endEpoch(draft);
  payDues(draft);
  const base = feeRecord.bucket.get(draft.view, null)!.base;
  feeRecord.bucket.put(draft.view, null, { base: nextBaseFee(base, weight, draft.parameters) });
  return finish(state, draft);
}

/** As an Evidence does it. */
function punish(draft: Draft, { validator, height }: NonNullable<Block['offenders']>[number]): void {
  const record = validators.bucket.get(draft.view, validator);
  if (record && isPunishable(record, height)) punishEquivocation(draft, [validator], height);
}

/** Numbers the outputs, checks the supply, and hashes what has become of the state. Genesis ends like this too. */
export function finish(state: ReadView, draft: Draft): BlockResult {
  const { view, height, created } = draft;
  const firstOutput = recordOutputs(view, created);
  recordSpends(
    view,
    draft.spent.map((keyImage) => ({ keyImage, height })),
  );
  if (created.length > 0) outputTotals.put(view, height, firstOutput + created.length);
  checkSupply(state, draft);
  accountTree.update(view, view.changes(ACCOUNTS));
  const appHash = appHashOf(view, height);
  heads.put(view, 0, { height, appHash });
  return { height, appHash, changes: view.changes(), created, firstOutput };
}

function checkSupply(state: ReadView, draft: Draft): void {
  const { view } = draft;
  let opened = 0n;
  for (const { key, value } of view.changes(ACCOUNTS)) {
    opened += balanceOf(key, value) - balanceOf(key, state.get(key));
  }
  const supply = supplyRecord.bucket.get(view, null)!;
  supplyRecord.bucket.put(view, null, nextSupply(supply, draft.flow, opened));
}

/** What the app hash is made of: roots of outputs, spends and accounts. */
export interface StateRoots {
  readonly outputs: Uint8Array;
  readonly spends: Uint8Array;
  readonly accounts: Uint8Array;
}

export const rootsOf = (view: ReadView): StateRoots => ({
  outputs: outputRange.root(view),
  spends: keyImageRange.root(view),
  accounts: accountTree.root(view),
});

/** One hash for the whole state: outputs, spends, accounts, height. */
export const hashOfRoots = (height: number, { outputs, spends, accounts }: StateRoots): Uint8Array =>
  domainHash('ledger-state', orderedNumber.encode(height), outputs, spends, accounts);

export const appHashOf = (view: ReadView, height: number): Uint8Array => hashOfRoots(height, rootsOf(view));
