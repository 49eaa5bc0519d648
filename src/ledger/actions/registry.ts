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

/** Every public action there is. A later system adds its file and a line here. */
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

/** The rules for whatever an action's name says; its body goes with them. */
export const rulesOf = (action: Action): ActionKind<Action['body']> =>
  ACTIONS[action.name] as unknown as ActionKind<Action['body']>;

/** Money that actions move, in sparks. */
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

/** How many times its least fee a transaction may take out of public accounts: room for a base fee that falls meanwhile. */
const MOST_RELEASED = 8n;

/**
 * The one rule for public money: it pays for the transaction and for nothing else. What actions release is no more than the
 * fee, and a small multiple of the least one, so that no tip carries a bond away. Without inputs nothing can be deposited.
 */
export function requireLegs(
  body: { readonly actions: readonly Action[]; readonly inputs: readonly unknown[]; readonly fee: bigint },
  leastFee: bigint,
): void {
  const { deposits, releases } = legsOf(body);
  if (body.inputs.length === 0) {
    ensure(deposits === 0n, 'public money cannot be deposited: deposits are paid with private inputs');
    ensure(releases === body.fee, 'what the actions release is not the fee');
  }
  ensure(releases <= body.fee, 'the actions release more than the fee');
  ensure(releases <= MOST_RELEASED * leastFee, 'the actions release more than a fee has to be', {
    most: MOST_RELEASED * leastFee,
  });
}

/** Weight of what actions leave behind and of the work that they put off, beyond their bytes. */
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
