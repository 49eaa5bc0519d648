import type { ReadView } from '#store';
import { balanceOf, feeRecord, isActive, reward, validators } from '../accounts/index.ts';
import { legsOf, requireLegs, rulesOf } from '../actions/registry.ts';
import { MAX_OUTPUTS, MAX_TRANSACTION_BYTES, MIN_OUTPUTS } from '../constants.ts';
import { ensure } from '../errors.ts';
import type { Parameters } from '../parameters.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { ACCOUNTS, ageOf, keyImages } from './buckets.ts';
import type { Draft } from './draft.ts';
import { spendContext } from './minting.ts';
import { type Points, requireSignatures, sameRing, signersOf } from './spending.ts';

/** What costs nothing to check: the fields alone. Reading the bytes has bounded and ordered everything already. */
export function requireShape(transaction: Transaction, height: number, parameters: Parameters): void {
  const { body, bytes } = transaction;
  ensure(bytes.length <= MAX_TRANSACTION_BYTES, 'too long');
  ensure(Buffer.compare(body.chainId, parameters.chainId) === 0, 'made for another chain');
  ensure(body.expiry >= height, 'expired', { expiry: body.expiry, height });
  ensure(body.expiry <= height + parameters.expiryWindow, 'expires too late', {
    latest: height + parameters.expiryWindow,
  });
  if (body.inputs.length === 0) {
    ensure(body.actions.length > 0, 'does nothing');
    return;
  }
  const count = body.outputs.length;
  ensure(count >= MIN_OUTPUTS && count <= MAX_OUTPUTS, 'not 2 to 16 outputs');
  for (const [i, { ring }] of body.inputs.entries()) {
    const again = body.inputs.slice(0, i).some((other) => sameRing(other.ring, ring));
    ensure(!again, 'two inputs have the same ring');
  }
}

/** Whether all that a transaction does is something that costs no fee. */
export const isFree = ({ body: { inputs, actions } }: Transaction): boolean =>
  inputs.length === 0 && actions.length === 1 && rulesOf(actions[0]!).free === true;

/** The least fee a transaction has to pay in the next block, in sparks. */
export function leastFee(view: ReadView, transaction: Transaction): bigint {
  return isFree(transaction) ? 0n : BigInt(transaction.weight) * feeRecord.bucket.get(view, null)!.base;
}

export function requireFee(view: ReadView, transaction: Transaction): void {
  const { fee } = transaction.body;
  const least = leastFee(view, transaction);
  ensure(fee >= least, 'the fee is too low', { fee, least });
  requireLegs(transaction.body, least);
}

/** Members exist and are old enough, key images are new and in order. */
export function requireSpendable(view: ReadView, { body }: Transaction, points: Points, draft: Draft): void {
  for (const { ring } of body.inputs) {
    for (const number of ring) {
      if (number < draft.ripe) continue;
      const member = ageOf(view, number);
      ensure(member !== undefined, 'a ring names an output that is not there', { output: number });
      const wait = member.minted ? draft.parameters.mintMaturity : draft.parameters.maturity;
      ensure(member.height + wait <= draft.height, 'a ring member is too young', { output: number });
    }
  }
  for (const [i, image] of points.keyImages.entries()) {
    const before = points.keyImages[i - 1];
    ensure(
      before === undefined || Buffer.compare(before, image) < 0,
      'inputs are not in the order of key images',
    );
    ensure(!keyImages.has(view, image), 'spent already');
  }
}

/**
 * Everything about a transaction but its spend proofs, in the order of cost, and its effect: throws
 * TRANSACTION_INVALID, and the draft is to be thrown away.
 */
export function applyTransaction(draft: Draft, transaction: Transaction, points: Points): void {
  const { view, height, parameters, curve } = draft;
  const { body } = transaction;
  requireShape(transaction, height, parameters);
  requireFee(view, transaction);
  requirePayable(draft, transaction);
  requireSpendable(view, transaction, points, draft);
  const signers = signersOf(view, transaction, height);
  if (body.actions.length > 0) applyActions(draft, transaction);
  // Last: keys of a stranger's own make signatures for nothing, each of which takes longer to verify than all other rules.
  requireSignatures(transaction, signers);
  for (const image of points.keyImages) draft.spend(image);
  const context = points.keyImages[0] && spendContext(points.keyImages[0], curve);
  for (const [position, output] of body.outputs.entries()) {
    draft.create({
      ...points.outputs[position]!,
      context: context!,
      position,
      viewTag: output.viewTag,
      amount: output.encryptedAmount,
      minted: 0,
      height,
    });
  }
  const { deposits, releases } = legsOf(body);
  draft.cross(deposits, releases, body.fee);
}

/** More than there is in private hands nobody can pay, so no sum of amounts in accounts can leave the range of one. */
function requirePayable(draft: Draft, { body }: Transaction): void {
  const { deposits, releases } = legsOf(body);
  ensure(body.fee + deposits - releases <= draft.shielded, 'more is deposited than there is, or paid');
}

/** All that actions do to accounts, and that it is what they declare. */
function applyActions(draft: Draft, { body }: Transaction): void {
  const { deposits, releases } = legsOf(body);
  const fork = draft.fork();
  for (const action of body.actions) rulesOf(action).apply(action.body, fork);
  const grown = fork.view
    .changes(ACCOUNTS)
    .reduce((sum, { key, value }) => sum + balanceOf(key, value) - balanceOf(key, draft.view.get(key)), 0n);
  ensure(
    grown === deposits - releases - fork.flow.burned,
    'accounts change by other sums than the actions name',
  );
  draft.adopt(fork);
}

/** The base part of a fee is burned; what is more is a tip to the block's proposer, if that is a validator at work. */
export function shareFee(draft: Draft, transaction: Transaction, proposer: Uint8Array | undefined): void {
  const { fee } = transaction.body;
  const base = leastFee(draft.view, transaction);
  const validator = proposer && validators.bucket.get(draft.view, proposer);
  const tip = validator && isActive(validator) ? fee - base : 0n;
  if (tip > 0n) reward(draft.view, proposer!, tip);
  draft.burn(fee - tip);
}
