import { byteOf, type Codec, list } from '../codec/index.ts';
import { DUE_WEIGHT, MAX_ACTIONS, RECORD_WEIGHT } from '../constants.ts';
import { ensure } from '../errors.ts';
import type { ActionKind, Legs } from './action.ts';
import { bond } from './bond.ts';
import { delegate } from './delegate.ts';
import { escrowAmend } from './escrow-amend.ts';
import { escrowClose } from './escrow-close.ts';
import { escrowOpen } from './escrow-open.ts';
import { escrowSettle } from './escrow-settle.ts';
import { evidence } from './evidence.ts';
import { nodeRegister } from './node-register.ts';
import { undelegate } from './undelegate.ts';
import { unjail } from './unjail.ts';

/** Every public action. A new one adds its file and a line here. */
export const ACTIONS = {
  bond,
  delegate,
  undelegate,
  unjail,
  escrowOpen,
  escrowAmend,
  escrowSettle,
  escrowClose,
  evidence,
  nodeRegister,
} as const;

type Registry = typeof ACTIONS;
export type ActionName = keyof Registry;
export type ActionBody<N extends ActionName> = Registry[N] extends ActionKind<infer T> ? T : never;
export type Action = { [N in ActionName]: { readonly name: N; readonly body: ActionBody<N> } }[ActionName];

/** The rules for an action, typed for its own body. */
export const rulesOf = (action: Action): ActionKind<Action['body']> =>
  ACTIONS[action.name] as unknown as ActionKind<Action['body']>;

/** Totals that the actions of a transaction move, in sparks. */
export function legsOf({ actions }: { readonly actions: readonly Action[] }): {
  deposits: bigint;
  releases: bigint;
} {
  const legs: Legs[] = actions.map((action) => rulesOf(action).legs(action.body));
  return {
    deposits: legs.reduce((sum, { deposit }) => sum + deposit, 0n),
    releases: legs.reduce((sum, { release }) => sum + release, 0n),
  };
}

/** A transaction may release at most this multiple of its minimum fee: room for a base fee that falls before it is included. */
const MOST_RELEASED = 8n;

/**
 * Money released from public accounts may only pay the transaction's own fee. The total released is at most the fee and at most
 * a small multiple of the minimum fee, so that a bond cannot leave as a tip. A transaction without inputs cannot deposit.
 * Throws TRANSACTION_INVALID when the rule is broken.
 */
export function requireLegs(
  body: { readonly actions: readonly Action[]; readonly inputs: readonly unknown[]; readonly fee: bigint },
  leastFee: bigint,
): void {
  const { deposits, releases } = legsOf(body);
  if (body.inputs.length === 0) {
    ensure(deposits === 0n, 'public money cannot be deposited: deposits are paid with private inputs');
    ensure(releases === body.fee, 'the actions release an amount other than the fee');
  }
  ensure(releases <= body.fee, 'the actions release more than the fee');
  ensure(releases <= MOST_RELEASED * leastFee, 'the actions release more than the fee can need', {
    most: MOST_RELEASED * leastFee,
  });
}

/** Weight of the records that actions create and of the payments that they defer, beyond their bytes. */
export const burdenOf = (actions: readonly Action[]): number =>
  actions.reduce((sum, action) => {
    const { records = 0, dues = 0 } = rulesOf(action).burden?.(action.body) ?? {};
    return sum + records * RECORD_WEIGHT + dues * DUE_WEIGHT;
  }, 0);

const names = new Map<number, ActionName>(
  (Object.keys(ACTIONS) as ActionName[]).map((name) => [ACTIONS[name].type, name]),
);
const TYPE = byteOf(...names.keys());

const actionCodec: Codec<Action> = {
  write(out, action) {
    const rules = rulesOf(action);
    TYPE.write(out, rules.type);
    rules.codec.write(out, action.body);
  },
  read(input) {
    const name = names.get(TYPE.read(input))!;
    return { name, body: ACTIONS[name].codec.read(input) } as Action;
  },
};

export const actionsCodec = list(actionCodec, MAX_ACTIONS);
