import type { ReadView } from '#store';
import { balanceOf, feeRecord, isActive, reward, validators } from '../accounts/index.ts';
import { legsOf, requireLegs, rulesOf } from '../actions/registry.ts';
import { ACCOUNTS, ageOf, keyImages } from '../buckets.ts';
import { MAX_OUTPUTS, MAX_TRANSACTION_BYTES, MIN_OUTPUTS } from '../constants.ts';
import { ensure } from '../errors.ts';
import type { Parameters } from '../parameters.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { Draft } from './draft.ts';
import { spendContext } from './minting.ts';
import { type Points, requireSignatures, sameRing, signersOf } from './spending.ts';

/** The cheapest checks: fields only. Decoding has already checked bounds and order. Throws TRANSACTION_INVALID. */
export function requireShape(transaction: Transaction, height: number, parameters: Parameters): void {
  const { body, bytes } = transaction;
  ensure(bytes.length <= MAX_TRANSACTION_BYTES, 'it is too long');
  // It would wait until it expires, at any fee that it need never pay.
  ensure(transaction.weight <= parameters.maxBlockWeight, 'it is heavier than a block may be', {
    weight: transaction.weight,
    most: parameters.maxBlockWeight,
  });
  ensure(Buffer.compare(body.chainId, parameters.chainId) === 0, 'it is for another chain');
  ensure(body.expiry >= height, 'it has expired', { expiry: body.expiry, height });
  ensure(body.expiry <= height + parameters.expiryWindow, 'it expires too late', {
    latest: height + parameters.expiryWindow,
  });
  if (body.inputs.length === 0) {
    ensure(body.actions.length > 0, 'it does nothing');
    return;
  }
  const count = body.outputs.length;
  ensure(count >= MIN_OUTPUTS && count <= MAX_OUTPUTS, 'it does not have 2 to 16 outputs');
  for (const [i, { ring }] of body.inputs.entries()) {
    const again = body.inputs.slice(0, i).some((other) => sameRing(other.ring, ring));
    ensure(!again, 'two inputs have the same ring');
  }
}

/** Whether a transaction consists of one action that needs no fee. */
export const isFree = ({ body: { inputs, actions } }: Transaction): boolean =>
  inputs.length === 0 && actions.length === 1 && rulesOf(actions[0]!).free === true;

/** Minimum fee of a transaction in the next block, in sparks. */
export function leastFee(view: ReadView, transaction: Transaction): bigint {
  return isFree(transaction) ? 0n : BigInt(transaction.weight) * feeRecord.bucket.get(view, null)!.base;
}

/** Checks the fee and what the actions release. Throws TRANSACTION_INVALID. */
function requireFee(view: ReadView, transaction: Transaction): void {
  const { fee } = transaction.body;
  const least = leastFee(view, transaction);
  ensure(fee >= least, 'the fee is too low', { fee, least });
  requireLegs(transaction.body, least);
}

/** Ring members exist and are mature; key images are new and ascending. Throws TRANSACTION_INVALID. */
function requireSpendable(view: ReadView, { body }: Transaction, points: Points, draft: Draft): void {
  for (const { ring } of body.inputs) {
    for (const number of ring) {
      if (number < draft.ripe) continue;
      const member = ageOf(view, number);
      ensure(member !== undefined, 'a ring contains an output that does not exist', { output: number });
      const wait = member.minted ? draft.parameters.mintMaturity : draft.parameters.maturity;
      ensure(member.height + wait <= draft.height, 'a ring member is not mature', { output: number });
    }
  }
  for (const [i, image] of points.keyImages.entries()) {
    const before = points.keyImages[i - 1];
    ensure(
      before === undefined || Buffer.compare(before, image) < 0,
      'the inputs are not in ascending order of key images',
    );
    ensure(!keyImages.has(view, image), 'an input is already spent');
  }
}

/**
 * Checks everything about a transaction except its spend proofs, cheapest first, and writes its effect to the draft. Throws
 * TRANSACTION_INVALID when a rule is broken; discard the draft then.
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
  // Last, because a signature costs more than all other checks, and a sender can make valid ones with throwaway keys.
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

/** Nobody can pay more than the shielded supply, so no sum of amounts in accounts can overflow the range of an amount. */
function requirePayable(draft: Draft, { body }: Transaction): void {
  const { deposits, releases } = legsOf(body);
  ensure(
    body.fee + deposits - releases <= draft.shielded,
    'the deposits and the fee are more than the shielded supply',
  );
}

/** Applies the actions and checks that account balances change by exactly what they declare. */
function applyActions(draft: Draft, { body }: Transaction): void {
  const { deposits, releases } = legsOf(body);
  const fork = draft.fork();
  for (const action of body.actions) rulesOf(action).apply(action.body, fork);
  const grown = fork.view
    .changes(ACCOUNTS)
    .reduce((sum, { key, value }) => sum + balanceOf(key, value) - balanceOf(key, draft.view.get(key)), 0n);
  ensure(
    grown === deposits - releases - fork.flow.burned,
    'accounts do not change by the amounts that the actions declare',
  );
  draft.adopt(fork);
}

/** Burns the base fee; the rest is a tip for the block's proposer if that is an active validator, otherwise burned too. */
export function shareFee(draft: Draft, transaction: Transaction, proposer: Uint8Array | undefined): void {
  const { fee } = transaction.body;
  const base = leastFee(draft.view, transaction);
  const validator = proposer && validators.bucket.get(draft.view, proposer);
  const tip = validator && isActive(validator) ? fee - base : 0n;
  if (tip > 0n) reward(draft.view, proposer!, tip);
  draft.burn(fee - tip);
}
