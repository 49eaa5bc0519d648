import {
  type DueKind,
  escrows,
  keepNode,
  lossOf,
  nodeOf,
  nodes,
  putValidator,
  settleWithdrawal,
  takeDue,
  takePayable,
  validatorOf,
  validators,
  withdrawalKey,
  withdrawals,
} from '../accounts/index.ts';
import { DUE_WEIGHT } from '../constants.ts';
import type { Parameters } from '../parameters.ts';
import type { Draft } from './draft.ts';

/** Maximum payments of one kind in a block. */
export const duesPerBlock = ({ maxBlockWeight }: Parameters): number =>
  Math.max(1, Math.floor(maxBlockWeight / DUE_WEIGHT));

/** Makes the payments that are due, in order of height, up to `duesPerBlock` of each kind; the rest waits. */
export function payDues(draft: Draft): void {
  const most = duesPerBlock(draft.parameters);
  for (const kind of Object.keys(PAY) as DueKind[]) {
    for (const key of takeDue(draft.view, kind, draft.height, most)) PAY[kind](draft, key);
  }
}

const PAY: { readonly [K in DueKind]: (draft: Draft, key: Uint8Array) => void } = {
  withdrawal: payWithdrawal,
  escrow: payEscrow,
  earnings: payEarnings,
  commission: payCommission,
};

/** Pays a withdrawal, less the part slashed for an offence of its validator. */
function payWithdrawal(draft: Draft, key: Uint8Array): void {
  const { view } = draft;
  const at = withdrawalKey.decode(key);
  const [of, bond] = at;
  const record = withdrawals.bucket.get(view, at)!;
  withdrawals.bucket.delete(view, at);
  if (of === 'node') {
    const node = nodeOf(view, bond);
    keepNode(view, bond, { ...node, leaving: node.leaving - record.amount });
    draft.refund(record.refund, record.owner, record.amount);
    return;
  }
  const lost = lossOf(validatorOf(view, bond), record);
  settleWithdrawal(view, bond, record);
  draft.burn(lost);
  draft.refund(record.refund, record.owner, record.amount - lost);
}

/** Refunds the rest of an escrow. One that was closed early keeps an empty record until its settlement window ends. */
function payEscrow(draft: Draft, key: Uint8Array): void {
  const { view, height, parameters } = draft;
  const escrow = escrows.bucket.get(view, key);
  const isOver = escrow && height >= escrow.deadline + parameters.settlementWindow;
  // A close may have ended it already, and another escrow may now use the same key.
  if (!escrow || (!isOver && escrow.closed === 0)) return;
  if (isOver) escrows.bucket.delete(view, key);
  else escrows.bucket.put(view, key, { ...escrow, balance: 0n, deposit: 0n });
  draft.refund(escrow.refund, key, escrow.balance + escrow.deposit);
}

function payEarnings(draft: Draft, key: Uint8Array): void {
  const known = nodes.bucket.get(draft.view, key);
  if (!known) return;
  const { node, amount } = takePayable(draft, key, known);
  keepNode(draft.view, key, node);
  draft.pay(node.payout, amount);
}

function payCommission(draft: Draft, key: Uint8Array): void {
  const validator = validators.bucket.get(draft.view, key);
  // A payment scheduled in an earlier epoch may have paid all of it, and the validator may be gone.
  if (!validator) return;
  putValidator(draft.view, key, { ...validator, commissionDue: 0n });
  draft.pay(validator.payout, validator.commissionDue);
}
