import { BitorchError, domainHash } from '#base';
import type { Curve } from '#crypto';
import { type Change, orderedNumber, type ReadView, type WriteView } from '#store';
import { balanceOf, feeRecord, supplyRecord } from '../accounts/index.ts';
import type { ActionContext } from '../actions/action.ts';
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
} from '../buckets.ts';
import { encode } from '../codec/index.ts';
import { ensure, refusalOf } from '../errors.ts';
import { isPunishable, noteAttendance, punishEquivocation } from '../slashing.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { applyTransaction, isFree, shareFee } from './apply.ts';
import { Draft } from './draft.ts';
import { endEpoch } from './epoch.ts';
import { nextBaseFee } from './fees.ts';
import { payDues } from './payments.ts';
import type { Spend, SpendRules } from './spending.ts';
import { nextSupply } from './supply.ts';
import { noteTenure, type Share } from './tenure.ts';

/** What the ledger needs of a block that consensus decided. */
export interface Block {
  readonly height: number;
  /** Consensus key of the proposer. */
  readonly proposer?: Uint8Array;
  readonly transactions: readonly Transaction[];
  /** Validators that consensus has proved to have voted twice, each with the height of its votes. */
  readonly offenders?: readonly { readonly validator: Uint8Array; readonly height: number }[];
  /** The validators of the previous block, and whether each signed it. */
  readonly attendance?: readonly { readonly validator: Uint8Array; readonly signed: boolean }[];
  /** Voting power in this block. Power over all blocks of an epoch determines the shares of the validators' emission. */
  readonly powers?: readonly Share[];
}

/** The result of a block that is applied but not yet committed. */
export interface BlockResult {
  readonly height: number;
  readonly appHash: Uint8Array;
  readonly changes: readonly Change[];
  /** Created outputs, numbered from `firstOutput`. */
  readonly created: readonly OutputRecord[];
  readonly firstOutput: number;
}

/** The result of a block in which transactions may have been refused. */
export interface BlockExecution extends BlockResult {
  /** For each transaction the reason why it had no effect, or undefined. */
  readonly refusals: readonly (BitorchError | undefined)[];
}

export interface BlockRules {
  readonly curve: Curve;
  readonly spends: SpendRules;
  /** Whether the spend proofs of a transaction have already been verified on this chain. */
  isVerified(id: Uint8Array): boolean;
  /** See `ActionContext`; verifies in this thread by default. */
  readonly proves?: ActionContext['proves'] | undefined;
}

/**
 * The state transition, a pure function of the previous state and the block. Throws BLOCK_INVALID when the block breaks a rule,
 * or TRANSACTION_INVALID for the first transaction that does; never writes to `state`.
 */
export function applyBlock(state: ReadView, block: Block, rules: BlockRules): BlockResult {
  const draft = beginBlock(state, block, rules);
  const weight = block.transactions.reduce((sum, transaction) => sum + transaction.weight, 0);
  if (weight > draft.parameters.maxBlockWeight) {
    throw new BitorchError(
      'BLOCK_INVALID',
      `the block weight ${weight} is over the limit of ${draft.parameters.maxBlockWeight}`,
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
  return endBlock(state, draft, block);
}

/**
 * The state transition for a decided block: a transaction that breaks a rule, does not fit or is not verified is skipped.
 * Verify the proofs first; here `isVerified` is final. Throws BLOCK_INVALID when the block does not follow the head.
 */
export function executeBlock(state: ReadView, block: Block, rules: BlockRules): BlockExecution {
  const draft = beginBlock(state, block, rules);
  let weight = 0;
  const refusals = block.transactions.map((transaction) => {
    const fork = draft.fork();
    const refusal = refusalOf(() => {
      ensure(weight + transaction.weight <= draft.parameters.maxBlockWeight, 'the block is full');
      const proven = !transaction.proofs.spend || rules.isVerified(transaction.hashes.id);
      ensure(proven, 'its proofs are not valid');
      include(fork, { transaction, points: rules.spends.resolve(transaction) }, block.proposer);
    });
    if (refusal) return refusal;
    draft.adopt(fork);
    weight += transaction.weight;
    return undefined;
  });
  const transactions = block.transactions.filter((_, i) => refusals[i] === undefined);
  return { ...endBlock(state, draft, { ...block, transactions }), refusals };
}

function beginBlock(state: ReadView, { height }: Block, { curve, proves }: BlockRules): Draft {
  const head = heads.get(state, 0);
  if (!head || height !== head.height + 1) {
    throw new BitorchError('BLOCK_INVALID', `block ${height} does not follow block ${head?.height}`);
  }
  return new Draft(state, { height, curve, proves });
}

function include(draft: Draft, { transaction, points }: Spend, proposer: Uint8Array | undefined): void {
  applyTransaction(draft, transaction, points);
  shareFee(draft, transaction, proposer);
}

/** Numbers spends and appends them to their accumulator. */
export function recordSpends(view: WriteView, records: readonly SpendRecord[]): void {
  const first = keyImageRange.count(view);
  const encoded = records.map((spend) => encode(spendCodec, spend));
  for (const [i, bytes] of encoded.entries()) spendBytes.put(view, first + i, bytes);
  keyImageRange.append(view, encoded);
}

/** Numbers outputs and appends them to their accumulator. Returns the number of the first. */
export function recordOutputs(view: WriteView, records: readonly OutputRecord[]): number {
  const first = outputRange.count(view);
  const encoded = records.map((output) => encode(outputCodec, output));
  for (const [i, bytes] of encoded.entries()) outputBytes.put(view, first + i, bytes);
  outputRange.append(view, encoded);
  return first;
}

/** The effects of a block after its transactions, all of which are included. */
function endBlock(state: ReadView, draft: Draft, block: Block): BlockResult {
  for (const offender of block.offenders ?? []) punish(draft, offender);
  for (const { validator, signed } of block.attendance ?? []) noteAttendance(draft, validator, signed);
  noteTenure(draft.view, block.height, block.powers);
  if (block.height % draft.parameters.epochBlocks === 0) endEpoch(draft);
  payDues(draft);
  const base = feeRecord.bucket.get(draft.view, null)!.base;
  const demand = demandOf(block.transactions);
  feeRecord.bucket.put(draft.view, null, { base: nextBaseFee(base, demand, draft.parameters) });
  return finish(state, draft);
}

/** Weight that was paid for. What is free is no demand: otherwise evidence could raise the fees of all others. */
const demandOf = (transactions: readonly Transaction[]): number =>
  transactions.reduce((sum, transaction) => sum + (isFree(transaction) ? 0 : transaction.weight), 0);

/** Same effect as the `evidence` action. */
function punish(draft: Draft, { validator, height }: NonNullable<Block['offenders']>[number]): void {
  if (isPunishable(draft.view, validator, height)) punishEquivocation(draft, [validator], height);
}

/** Numbers the outputs, checks the supply, and computes the app hash. Also the last step of genesis. */
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

/** The roots in the app hash: outputs, spends and accounts, 32 bytes each. */
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

/** The app hash: one hash over height, outputs, spends and accounts. */
export const hashOfRoots = (height: number, { outputs, spends, accounts }: StateRoots): Uint8Array =>
  domainHash('ledger-state', orderedNumber.encode(height), outputs, spends, accounts);

export const appHashOf = (view: ReadView, height: number): Uint8Array => hashOfRoots(height, rootsOf(view));
