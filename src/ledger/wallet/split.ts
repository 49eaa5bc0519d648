import { BitorchError, codeOf, toHex, utf8 } from '#base';
import { type RandomBytes, systemRandom } from '#crypto';
import { MAX_INPUTS } from '../constants.ts';
import {
  type FeeTier,
  nameOfOrder,
  type PaymentOrder,
  type PlanSource,
  planEmptying,
  planTransfer,
  type TransferOrder,
  type TransferPlan,
  worthSpending,
} from './plan.ts';
import type { Try } from './transfers.ts';

/** Inputs of one part. Leaves room for inputs that pay a higher fee in a later attempt. */
const INPUTS_OF_PART = MAX_INPUTS - 4;
const MAX_PARTS = 64;

/** A payment to one address. */
export type PaymentToSplit = PaymentOrder & Pick<TransferOrder, 'tier' | 'again'>;

/** The last attempt at an order, by the order's name, while a block may still include it. */
type TryOf = (name: Uint8Array) => Try | undefined;

/**
 * Plans the transfers that pay an amount: one, or several parts if one would need more than MAX_INPUTS inputs. While parts of
 * the same order are waiting, only these are retried: how much is paid and how much is left is not known until they are in
 * blocks. Throws what `planTransfer` throws.
 */
export function planPayment(
  { to, amount, tier = 'normal', again = false }: PaymentToSplit,
  source: PlanSource,
  tryOf: TryOf,
  random: RandomBytes = systemRandom,
): TransferPlan[] {
  const order = { payments: [{ to, amount }], again, tier };
  const salt = again ? random(32) : new Uint8Array(0);
  const names = Array.from({ length: MAX_PARTS }, (_, i) => nameOfPart(order, i, salt));
  const waiting = again ? [] : names.flatMap((name) => partOf(name, tryOf(name)));
  if (waiting.length > 0) return tryAgain({ to, tier }, waiting, source, random);
  const whole = again ? undefined : tryOf(nameOfOrder(order));
  try {
    return [planTransfer(order, { ...source, earlier: whole?.inputs ?? [] }, random)];
  } catch (error) {
    if (codeOf(error) !== 'FUNDS_INSUFFICIENT' || whole) throw error;
    return split({ to, amount, tier }, source, names, random) ?? raise(error);
  }
}

type WaitingPart = Try & { readonly name: Uint8Array };

const partOf = (name: Uint8Array, last: Try | undefined): WaitingPart[] => (last ? [{ name, ...last }] : []);

/** Plans the parts again with their earlier inputs. Inputs added for a higher fee are used by one part only. */
function tryAgain(
  { to, tier }: Pick<PaymentOrder, 'to'> & { tier: FeeTier },
  waiting: readonly WaitingPart[],
  source: PlanSource,
  random: RandomBytes,
): TransferPlan[] {
  const used = new Set(waiting.flatMap(({ inputs }) => inputs.map(({ number }) => number)));
  return waiting.map(({ name, inputs: earlier, amount }) => {
    const spendable = source.spendable.filter(({ number }) => !used.has(number));
    const part = { payments: [{ to, amount }], tier, name };
    const plan = planTransfer(part, { ...source, spendable, earlier }, random);
    for (const { output } of plan.spends) used.add(output.number);
    return plan;
  });
}

/** Parts that spend the largest outputs first, the last one paying what is left; undefined when the money is not enough. */
function split(
  { to, amount, tier }: PaymentOrder & { tier: FeeTier },
  source: PlanSource,
  names: readonly Uint8Array[],
  random: RandomBytes,
): TransferPlan[] | undefined {
  const worth = worthSpending(source, tier);
  const plans: TransferPlan[] = [];
  let left = amount;
  for (const [i, name] of names.entries()) {
    const rest = worth.slice(i * INPUTS_OF_PART);
    const chosen = rest.slice(0, INPUTS_OF_PART);
    if (chosen.length === 0) return undefined;
    const part = planEmptying(chosen, to, source, { tier, name, random });
    if (!part) return undefined;
    const paid = part.outputs[1 - part.change]!.amount;
    if (paid >= left) {
      const last = { payments: [{ to, amount: left }], tier, name };
      return [...plans, planTransfer(last, { ...source, spendable: chosen }, random)];
    }
    plans.push(part);
    left -= paid;
  }
  throw new BitorchError(
    'FUNDS_INSUFFICIENT',
    `this payment needs more than ${MAX_PARTS} transfers: sweep to your own address first`,
  );
}

const nameOfPart = (order: Pick<TransferOrder, 'payments'>, part: number, salt: Uint8Array): Uint8Array =>
  nameOfOrder(order, utf8(`part ${part} ${toHex(salt)}`));

function raise(error: unknown): never {
  throw error;
}
