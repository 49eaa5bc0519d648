import { BitorchError, equalBytes, finish, finishInTurns, type Steps } from '#base';
import {
  type Account,
  type ClsagSignature,
  type Curve,
  commit,
  deriveOutput,
  keyImageOf,
  type RandomBytes,
  type RingMember,
  randomScalar,
  rangeSteps,
  type Scalar,
  type SigningKey,
  scalarOf,
  sharedSecret,
  signClsag,
  systemRandom,
  toWire,
  transactionKey,
} from '#crypto';
import { rulesFor, spendContext } from '../state/minting.ts';
import { TRANSACTION_PURPOSE } from '../state/spending.ts';
import type { Body } from '../transaction/body.ts';
import { bodyHash, makeTransaction, messageOf, type Transaction } from '../transaction/transaction.ts';
import { MAX_OUTPUTS_ASKED, type OutputTotal, type WalletChain } from './chain.ts';
import { type Owned, type Payment, type Sent, STATE } from './contents.ts';
import { edgesAround } from './decoys.ts';
import type { PaymentOrder, TransferPlan } from './plan.ts';

export interface Signing {
  readonly account: Account;
  /** Network identifier of the wallet, 4 bytes. */
  readonly network: Uint8Array;
  /** The outputs in the plan's rings, by number. */
  readonly members: ReadonlyMap<number, RingMember>;
  readonly curve: Curve;
  /** Keys that sign the plan's actions, in the order that the actions require. */
  readonly signers?: readonly SigningKey[];
  readonly random?: RandomBytes;
}

/**
 * Reads whole rings in ascending order, so that the requests do not show which members are real.
 *
 * @param totals the totals that the rings were drawn with
 */
export async function readMembers(
  { spends }: TransferPlan,
  chain: WalletChain,
  totals: readonly OutputTotal[] = [],
): Promise<ReadonlyMap<number, RingMember>> {
  const numbers = [...new Set(spends.flatMap(({ ring }) => ring))].sort((a, b) => a - b);
  const members = new Map<number, RingMember>();
  for (let from = 0; from < numbers.length; from += MAX_OUTPUTS_ASKED) {
    const asked = numbers.slice(from, from + MAX_OUTPUTS_ASKED);
    const outputs = await chain.outputsAt(asked, edgesAround(asked, totals));
    for (const [i, number] of asked.entries()) members.set(number, outputs[i]!);
  }
  return members;
}

export interface SignedTransfer {
  readonly transaction: Transaction;
  readonly sent: Sent;
}

/** Signs a plan; also returns the record that the wallet keeps. Throws WALLET_VIEW_ONLY without a spend secret. */
export const signTransfer = (plan: TransferPlan, signing: Signing): SignedTransfer =>
  finish(signingSteps(plan, signing));

/** `signTransfer` in steps that yield to the event loop, for a node that has other work. */
export const signInTurns = (plan: TransferPlan, signing: Signing): Promise<SignedTransfer> =>
  finishInTurns(signingSteps(plan, signing));

function* signingSteps(plan: TransferPlan, signing: Signing): Steps<SignedTransfer> {
  const { account, network, members, curve, signers = [], random = systemRandom } = signing;
  const { spendSecret } = account;
  if (!spendSecret)
    throw new BitorchError(
      'WALLET_VIEW_ONLY',
      'this wallet is view-only and cannot spend: open the full one',
    );
  const inputs = plan.spends
    .map((spend) => ({ ...spend, ...inputSecrets(spend.output, spendSecret, curve) }))
    .sort((a, b) => Buffer.compare(a.keyImage, b.keyImage));
  for (const { output } of inputs) {
    if (equalBytes(members.get(output.number)!.key, output.key)) continue;
    throw new BitorchError(
      'CHAIN_INVALID',
      'the node returned a wrong key for an output of this wallet: ask another node',
    );
  }
  const context = spendContext(inputs[0]!.keyImage, curve);
  const outputs = plan.outputs.map((order, position) => makeOutput(order, position, context, curve, random));
  const masks = outputs.map(({ mask }) => mask);
  const range = yield* rangeSteps(
    plan.outputs.map(({ amount }) => amount),
    masks,
    curve,
    random,
  );
  const body: Body = {
    chainId: plan.chainId,
    expiry: plan.expiry,
    fee: plan.fee,
    inputs: inputs.map(({ ring, keyImage }) => ({ ring, keyImage: toWire(keyImage, curve) })),
    outputs: outputs.map(({ wire }, i) => ({ ...wire, commitment: range.commitments[i]! })),
    memo: new Uint8Array(0),
    actions: plan.actions,
  };
  const pseudoMasks = masksThatBalance(masks, inputs.length, curve, random);
  const pseudoOuts = inputs.map(({ output }, i) => commit(output.amount, pseudoMasks[i]!, curve));
  const wirePseudoOuts = pseudoOuts.map((point) => toWire(point, curve));
  const message = messageOf(body, { range: range.proof, pseudoOuts: wirePseudoOuts }, curve);
  const rings: ClsagSignature[] = [];
  for (const [i, { ring, output, secret }] of inputs.entries()) {
    const statement = {
      ring: ring.map((number) => members.get(number)!),
      pseudoOut: pseudoOuts[i]!,
      message,
    };
    const maskDifference = curve.scalars.subtract(output.mask, pseudoMasks[i]!);
    const witness = { index: ring.indexOf(output.number), secret, maskDifference };
    rings.push(signClsag(statement, witness, curve, random).signature);
    yield;
  }
  const hash = bodyHash(body, curve);
  const signatures = signers.map((key) => key.sign(TRANSACTION_PURPOSE, hash));
  const spend = { range: range.proof, rings, pseudoOuts: wirePseudoOuts };
  const transaction = makeTransaction(body, { spend, signatures }, curve);
  const { fee, deposits, expiry } = plan;
  const sent: Sent = {
    id: transaction.hashes.id,
    network,
    order: plan.order,
    state: STATE.pending,
    height: 0,
    expiry,
    fee,
    deposits,
    payments: outputs.map(({ payment }) => payment).filter((_, i) => i !== plan.change),
    change: plan.outputs[plan.change]!.amount,
    changeKey: outputs[plan.change]!.key,
    spends: inputs.map(({ keyImage }) => keyImage),
    bytes: transaction.bytes,
  };
  return { transaction, sent };
}

function inputSecrets(
  output: Owned,
  spendSecret: Scalar,
  curve: Curve,
): { secret: Scalar; keyImage: Uint8Array } {
  const secret = curve.scalars.add(spendSecret, output.offset);
  return { secret, keyImage: keyImageOf(secret, output.key, curve) };
}

/** Makes an output with its own transaction secret, so that R does not link the outputs of a transaction. */
function makeOutput(
  { to, amount }: PaymentOrder,
  position: number,
  context: Uint8Array,
  curve: Curve,
  random: RandomBytes,
) {
  const txSecret = randomScalar(curve, random);
  const shared = sharedSecret(txSecret, to.viewKey, curve);
  if (!shared) throw new BitorchError('ADDRESS_INVALID', 'the view key of the address is not a point');
  const made = deriveOutput(to, amount, shared, position, rulesFor(context), curve);
  const txKey = transactionKey(txSecret, to, curve);
  const { encryptedAmount, viewTag, mask } = made;
  const wire = { key: toWire(made.key, curve), txKey: toWire(txKey, curve), encryptedAmount, viewTag };
  const payment: Payment = { to, amount, key: made.key, txKey, txSecret };
  return { key: made.key, wire, mask, payment };
}

/** Random masks whose sum is the sum of the output masks, so that the commitments balance. */
function masksThatBalance(
  masks: readonly Scalar[],
  count: number,
  curve: Curve,
  random: RandomBytes,
): Scalar[] {
  const { add, subtract } = curve.scalars;
  const free = Array.from({ length: count - 1 }, () => randomScalar(curve, random));
  const total = masks.reduce(add, scalarOf(0));
  return [...free, free.reduce(subtract, total)];
}
