import { byteOf, type Codec, list } from '../codec/index.ts';
import { MAX_ACTIONS } from '../constants.ts';
import type { ActionKind } from './action.ts';
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
