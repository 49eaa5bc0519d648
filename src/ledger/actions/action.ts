import { type Address, type Curve, fromWireAll, isValidAddress } from '#crypto';
import type { ReadView, WriteView } from '#store';
import type { OneTime } from '../accounts/index.ts';
import type { Codec } from '../codec/index.ts';
import type { Equivocation } from '../equivocation.ts';
import { ensure } from '../errors.ts';
import type { Parameters } from '../parameters.ts';

/** What an action can read and do while its transaction is applied. It makes no payments: money leaves accounts through queues. */
export interface ActionContext {
  readonly view: WriteView;
  /** The state before the block. Use it for decisions that no transaction of the same block may influence. */
  readonly before: ReadView;
  readonly height: number;
  readonly parameters: Parameters;
  readonly curve: Curve;
  /**
   * Whether the votes of evidence are signed. Who has the signatures verified elsewhere, because they can take 40 ms, answers
   * true and applies the effect only if they hold.
   */
  readonly proves: (evidence: Equivocation, chainId: Uint8Array) => boolean;
  /** Burns sparks that were taken from a public account. */
  burn(amount: bigint): void;
}

/** Sparks that an action moves between its transaction and public accounts. */
export interface Legs {
  /** From the transaction's private inputs into public accounts. */
  readonly deposit: bigint;
  /** From public accounts into the transaction; may only pay its fee, see `requireLegs`. */
  readonly release: bigint;
}

/** What an action costs the chain beyond its bytes. */
interface Burden {
  /** State records that it creates, which every node stores until they are closed, or that it rewrites one by one. */
  readonly records?: number;
  /** Payments that the chain has to make later because of it. */
  readonly dues?: number;
}

/** One kind of public action: its encoding, its signers, its rules and its effect on the state. */
export interface ActionKind<T> {
  /** First byte of the encoding. */
  readonly type: number;
  /** Needs no fee when alone in a transaction: it carries its own proof, and a copy has no effect. */
  readonly free?: true;
  readonly codec: Codec<T>;
  legs(body: T): Legs;
  /** No burden when absent. */
  burden?(body: T): Burden;
  /** Keys named by the body that must sign the transaction, in this order. */
  signers(body: T): readonly Uint8Array[];
  /** Further keys that must sign, looked up in the state; none when absent. */
  consenters?(body: T, view: ReadView, height: number): readonly Uint8Array[];
  /** For an action without signers: keys that at most one transaction in the mempool may touch. None when absent. */
  claims?(body: T): readonly Uint8Array[];
  /** Checks every rule and writes the effect. Throws TRANSACTION_INVALID when a rule is broken; the caller drops its writes. */
  apply(body: T, context: ActionContext): void;
}

export const defineAction = <T>(kind: ActionKind<T>): ActionKind<T> => kind;

/** Checks that both keys are points of prime order, once, when an address enters the ledger. Throws TRANSACTION_INVALID. */
export function requireAddress(address: Address, curve: Curve): void {
  ensure(isValidAddress(address, curve), 'the keys of the payout address are not points of prime order');
}

/** Checks that both points decode, so that the refund can be paid later. Throws TRANSACTION_INVALID. */
export function requireOneTime({ key, txKey }: OneTime, curve: Curve): void {
  ensure(fromWireAll([key, txKey], curve) !== undefined, 'the keys of the refund are not points');
}
