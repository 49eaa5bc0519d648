import { type Address, type Curve, fromWireAll, isValidAddress } from '#crypto';
import type { ReadView, WriteView } from '#store';
import type { OneTime } from '../accounts/index.ts';
import type { Codec } from '../codec/index.ts';
import { ensure } from '../errors.ts';
import type { Parameters } from '../parameters.ts';

/** What an action may see and do while its transaction is applied. It pays nobody: money leaves accounts through queues. */
export interface ActionContext {
  readonly view: WriteView;
  /** The state before the block: what is judged by it, nothing in the block can change. */
  readonly before: ReadView;
  readonly height: number;
  readonly parameters: Parameters;
  readonly curve: Curve;
  /** Destroys money taken from a public account. */
  burn(amount: bigint): void;
}

/** Money that an action moves over the border of its transaction, in sparks. */
export interface Legs {
  /** From the transaction's private inputs into public accounts. */
  readonly deposit: bigint;
  /** From public accounts into the transaction, to pay its fee with and nothing else: see `requireLegs`. */
  readonly release: bigint;
}

/** What an action costs the chain beyond its bytes. */
export interface Burden {
  /** Records that it makes, which are kept until somebody ends them. */
  readonly records?: number;
  /** Payments that the chain has to make for it later. */
  readonly dues?: number;
}

/** One kind of public action: its spelling, who signs it, its rules and its effect on the state. */
export interface ActionKind<T> {
  /** First byte on the wire. */
  readonly type: number;
  /** Alone in a transaction it costs no fee: it proves itself, and a copy has no effect. */
  readonly free?: true;
  readonly codec: Codec<T>;
  legs(body: T): Legs;
  /** Nothing when absent. */
  burden?(body: T): Burden;
  /** Keys that the body names and whose signatures over it the transaction must carry, in this order. */
  signers(body: T): readonly Uint8Array[];
  /** Keys that have to sign as well by what the state says; none when absent. */
  consenters?(body: T, view: ReadView, height: number): readonly Uint8Array[];
  /** Of what needs no signature: what only one transaction that waits may lay hands on. Nothing when absent. */
  claims?(body: T): readonly Uint8Array[];
  /** Checks every rule and takes effect; throws TRANSACTION_INVALID, and then its writes are thrown away. */
  apply(body: T, context: ActionContext): void;
}

export const defineAction = <T>(kind: ActionKind<T>): ActionKind<T> => kind;

/** Both keys of prime order, checked once where an address enters the ledger. */
export function requireAddress(address: Address, curve: Curve): void {
  ensure(isValidAddress(address, curve), 'the payout address is not made of points of prime order');
}

/** Both points decode, so that a refund can be made of it later. */
export function requireOneTime({ key, txKey }: OneTime, curve: Curve): void {
  ensure(fromWireAll([key, txKey], curve) !== undefined, 'the refund is not made of points');
}
