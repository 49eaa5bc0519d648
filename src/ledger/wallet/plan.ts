import { BitorchError, concat, domainHash, toHex } from '#base';
import { type Address, type RandomBytes, systemRandom } from '#crypto';
import { addressCodec } from '../accounts/shapes.ts';
import { type Action, rulesOf } from '../actions/registry.ts';
import { amount as amountCodec, encode, list, struct } from '../codec/index.ts';
import { MAX_INPUTS, MAX_OUTPUTS, RING_SIZE, SIGNATURE_BYTES, VIEW_TAG_BYTES } from '../constants.ts';
import { type Body, bodyCodec } from '../transaction/body.ts';
import { weightOf } from '../transaction/transaction.ts';
import type { Owned } from './contents.ts';
import { type DecoySource, drawRing, uniform, usableOutputs } from './decoys.ts';

const RING_ATTEMPTS = 20;

/** Multiples of the base fee. Only a few steps, so that fees do not identify wallets. */
const FEE_TIERS = { low: 1n, normal: 2n, high: 4n } as const;
export type FeeTier = keyof typeof FEE_TIERS;

export interface PaymentOrder {
  readonly to: Address;
  /** Sparks. */
  readonly amount: bigint;
}

export interface TransferOrder {
  readonly payments: readonly PaymentOrder[];
  /** Public actions to pay for with private money, and the number of signatures they need. */
  readonly actions?: readonly Action[];
  readonly signatures?: number;
  readonly tier?: FeeTier;
  /** Makes another payment even if the same order is waiting; otherwise the waiting one is retried. */
  readonly again?: boolean;
  /** Name for a part of an order, in place of `nameOfOrder`. */
  readonly name?: Uint8Array;
}

/** A transfer ready to sign: fee and change are exact. */
export interface TransferPlan {
  /** Chain for which it was planned; it is valid on no other. */
  readonly chainId: Uint8Array;
  /** Inputs with their rings. */
  readonly spends: readonly { readonly output: Owned; readonly ring: readonly number[] }[];
  /** Payments and the change, in the order of the outputs. */
  readonly outputs: readonly PaymentOrder[];
  /** Index of the change in `outputs`. */
  readonly change: number;
  readonly actions: readonly Action[];
  readonly fee: bigint;
  readonly deposits: bigint;
  readonly expiry: number;
  /** Weight from which the fee follows: bytes plus surcharges, see `weightOf`. */
  readonly weight: number;
  /** Name of the order, see `nameOfOrder`. */
  readonly order: Uint8Array;
}

export interface PlanSource extends DecoySource {
  /** Sparks per unit of weight in the next block. */
  readonly baseFee: bigint;
  /** Outputs that can be spent in the next block. */
  readonly spendable: readonly Owned[];
  readonly changeTo: Address;
  /** Inputs of an earlier attempt at the same order: spending them again ensures that at most one attempt is included. */
  readonly earlier?: readonly Owned[];
  /** Rings of earlier signatures, by key image in hexadecimal. */
  readonly rings?: ReadonlyMap<string, readonly number[]>;
}

const paymentsCodec = list(struct({ to: addressCodec, amount: amountCodec }), MAX_OUTPUTS);

/**
 * A hash of the payments and actions of an order, the same for every attempt at it.
 *
 * @param salt makes the name of a separate payment unique
 */
export function nameOfOrder(
  { payments, actions = [] }: Pick<TransferOrder, 'payments' | 'actions'>,
  salt: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const acts = actions.map((action) => {
    const { type, codec } = rulesOf(action);
    return domainHash('wallet-order-action', Uint8Array.of(type), encode(codec, action.body));
  });
  return domainHash('wallet-order', encode(paymentsCodec, payments), concat(acts), salt);
}

/**
 * Plans a transfer. Throws FUNDS_INSUFFICIENT when the spendable outputs are not enough, DECOYS_MISSING when the chain has too
 * few outputs for rings, or TRANSFER_INVALID when the order is not valid.
 */
export function planTransfer(
  order: TransferOrder,
  source: PlanSource,
  random: RandomBytes = systemRandom,
): TransferPlan {
  const { payments, actions = [] } = order;
  if (payments.length >= MAX_OUTPUTS) {
    throw new BitorchError('TRANSFER_INVALID', `one transfer pays ${MAX_OUTPUTS - 1} addresses at most`);
  }
  if (payments.some(({ amount }) => amount <= 0n))
    throw new BitorchError('TRANSFER_INVALID', 'an amount is zero');
  const legs = actions.map((action) => rulesOf(action).legs(action.body));
  const deposits = legs.reduce((sum, leg) => sum + leg.deposit - leg.release, 0n);
  if (deposits < 0n)
    throw new BitorchError('TRANSFER_INVALID', 'actions that release money pay their own fee');
  const wanted = payments.reduce((sum, { amount }) => sum + amount, deposits);
  const outputs = payments.length + 1;
  const { earlier = [] } = source;
  const before = earlier.reduce((sum, { amount }) => sum + amount, 0n);
  const largestFirst = source.spendable
    .filter(({ number }) => !earlier.some((output) => output.number === number))
    .sort((a, b) => (a.amount > b.amount ? -1 : 1));
  const most = Math.min(largestFirst.length, MAX_INPUTS - earlier.length);
  // A transfer has at least two outputs: without a payment the change is paired with an empty one.
  for (let count = earlier.length > 0 ? 0 : 1; count <= most; count++) {
    const chosen = [...earlier, ...chooseInputs(largestFirst, count, wanted - before)];
    const total = chosen.reduce((sum, { amount }) => sum + amount, 0n);
    if (total < wanted) continue;
    const spends = withRings(chosen, source, random);
    const shape = { spends, outputs: Math.max(2, outputs), actions, signatures: order.signatures ?? 0 };
    const { fee, weight } = feeFor(shape, source, order.tier ?? 'normal');
    const left = total - wanted - fee;
    if (left < 0n) continue;
    const empty = payments.length === 0 ? [{ to: source.changeTo, amount: 0n }] : [];
    const { placed, at } = shuffleIn({ to: source.changeTo, amount: left }, [...payments, ...empty], random);
    const expiry = expiryFor(source);
    const { chainId } = source.parameters;
    const name = order.name ?? nameOfOrder(order, order.again ? random(32) : undefined);
    return {
      chainId,
      spends,
      outputs: placed,
      change: at,
      actions,
      fee,
      deposits,
      expiry,
      weight,
      order: name,
    };
  }
  const available = largestFirst.slice(0, most).reduce((sum, { amount }) => sum + amount, before);
  const all = largestFirst.reduce((sum, { amount }) => sum + amount, before);
  const why =
    all > available && all > wanted
      ? `this takes more than the ${MAX_INPUTS} outputs that one transfer can spend: sweep to yourself first, to have fewer`
      : 'not enough unlocked money for the amount and its fee';
  throw new BitorchError('FUNDS_INSUFFICIENT', why, { wanted, available, all });
}

/** Outputs that are worth more than what it costs to spend them, the largest first. */
export function worthSpending(source: PlanSource, tier: FeeTier): Owned[] {
  const [step, at] = [Math.ceil(usableOutputs(source) / RING_SIZE), source.spendable[0]];
  if (!at) return [];
  const ring = Array.from({ length: RING_SIZE }, (_, i) => i * step);
  const feeOf = (inputs: number) => {
    const spends = new Array(inputs).fill({ output: at, ring });
    return feeFor({ spends, outputs: 2, actions: [], signatures: 0 }, source, tier).fee;
  };
  const cost = feeOf(2) - feeOf(1);
  return source.spendable
    .filter(({ amount }) => amount > cost)
    .sort((a, b) => (a.amount > b.amount ? -1 : Number(a.amount < b.amount)));
}

/** Sends the sum of these outputs, less the fee, to one address; undefined when the fee is more than they hold. */
export function planEmptying(
  chosen: readonly Owned[],
  to: Address,
  source: PlanSource,
  { tier, name, random }: { tier: FeeTier; name?: Uint8Array; random: RandomBytes },
): TransferPlan | undefined {
  const spends = withRings(chosen, source, random);
  const { fee, weight } = feeFor({ spends, outputs: 2, actions: [], signatures: 0 }, source, tier);
  const amount = chosen.reduce((sum, output) => sum + output.amount, 0n) - fee;
  if (amount <= 0n) return undefined;
  const nothing = { to: source.changeTo, amount: 0n };
  const { placed, at } = shuffleIn(nothing, [{ to, amount }], random);
  const order = name ?? nameOfOrder({ payments: [{ to, amount }] });
  const common = { chainId: source.parameters.chainId, actions: [], deposits: 0n, expiry: expiryFor(source) };
  return { ...common, spends, outputs: placed, change: at, fee, weight, order };
}

/** Sends the whole balance to one address in as many transfers as needed, less fees. Outputs not worth their fee stay. */
export function planSweep(
  to: Address,
  source: PlanSource,
  tier: FeeTier = 'normal',
  random: RandomBytes = systemRandom,
): TransferPlan[] {
  const worth = worthSpending(source, tier);
  const plans: TransferPlan[] = [];
  for (let from = 0; from < worth.length; from += MAX_INPUTS) {
    const plan = planEmptying(worth.slice(from, from + MAX_INPUTS), to, source, { tier, random });
    if (plan) plans.push(plan);
  }
  if (plans.length === 0) throw new BitorchError('FUNDS_INSUFFICIENT', 'no unlocked output is worth its fee');
  return plans;
}

/** The `count − 1` largest outputs and the smallest that completes the sum with a margin: keeps change and dust small. */
function chooseInputs(largestFirst: readonly Owned[], count: number, wanted: bigint): readonly Owned[] {
  if (count === 0) return [];
  const largest = largestFirst.slice(0, count - 1);
  const rest = wanted - largest.reduce((sum, { amount }) => sum + amount, 0n);
  const candidates = largestFirst.slice(count - 1);
  const last = candidates.findLast(({ amount }) => amount > rest + rest / 8n) ?? candidates[0]!;
  return [...largest, last];
}

const expiryFor = ({ height, parameters }: PlanSource): number => height + parameters.expiryWindow;

/**
 * Draws a ring for each output. The ledger requires distinct rings, and on a chain with few outputs two draws can coincide. An
 * output with a ring from an earlier signature keeps it.
 */
function withRings(
  chosen: readonly Owned[],
  source: PlanSource,
  random: RandomBytes,
): TransferPlan['spends'] {
  const drawn = new Set<string>();
  return chosen.map((output) => {
    const kept = keptRing(output, source);
    for (let attempt = 0; attempt < (kept ? 1 : RING_ATTEMPTS); attempt++) {
      const ring = kept ?? drawRing(output.number, source, random);
      if (!ring) break;
      if (drawn.has(ring.join())) continue;
      drawn.add(ring.join());
      return { output, ring };
    }
    throw new BitorchError(
      'DECOYS_MISSING',
      `the chain has too few spendable outputs yet for ${chosen.length} rings of ${RING_SIZE}: wait for more`,
    );
  });
}

/** The ring from an earlier signature, unless it is from another chain and names outputs that this one does not have. */
function keptRing({ keyImage, number }: Owned, source: PlanSource): readonly number[] | undefined {
  const ring = source.rings?.get(toHex(keyImage));
  const usable = usableOutputs(source);
  return ring?.includes(number) && ring.every((member) => member < usable) ? ring : undefined;
}

interface Shape {
  readonly spends: TransferPlan['spends'];
  readonly outputs: number;
  readonly actions: readonly Action[];
  readonly signatures: number;
}

/** Fee and weight of a transaction of this shape. The weight includes the encoded fee, so this iterates to a fixed point. */
function feeFor(shape: Shape, source: PlanSource, tier: FeeTier): { fee: bigint; weight: number } {
  let fee = 0n;
  for (;;) {
    const weight = weightOf(bytesFor(shape, fee, expiryFor(source)), shape.outputs, shape.actions);
    const needed = BigInt(weight) * source.baseFee * FEE_TIERS[tier];
    if (needed <= fee) return { fee, weight };
    fee = needed;
  }
}

/** Exact length in bytes: encodes the body with blank points, and adds the fixed length of the proofs. */
function bytesFor({ spends, outputs, actions, signatures }: Shape, fee: bigint, expiry: number): number {
  const blank = new Uint8Array(32);
  const output = {
    key: blank,
    commitment: blank,
    txKey: blank,
    encryptedAmount: blank.subarray(0, 8),
    viewTag: blank.subarray(0, VIEW_TAG_BYTES),
  };
  const body: Body = {
    chainId: blank,
    expiry,
    fee,
    inputs: spends.map(({ ring }) => ({ ring, keyImage: blank })),
    outputs: Array.from({ length: outputs }, () => output),
    memo: blank.subarray(0, 0),
    actions,
  };
  const rounds = 6 + Math.ceil(Math.log2(outputs));
  const spendBytes = 1 + 32 * (6 + 2 * rounds) + spends.length * 32 * (RING_SIZE + 3);
  return encode(bodyCodec, body).length + spendBytes + 1 + signatures * SIGNATURE_BYTES;
}

/** Inserts `one` among `others` at a random position `at`. */
function shuffleIn<T>(one: T, others: readonly T[], random: RandomBytes): { placed: T[]; at: number } {
  const at = Math.floor(uniform(random) * (others.length + 1));
  return { placed: [...others.slice(0, at), one, ...others.slice(at)], at };
}
