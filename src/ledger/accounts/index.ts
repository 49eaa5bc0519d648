import type { AccountKind } from '../buckets.ts';
import { feeRecord, parametersRecord, poolsRecord, supplyRecord } from './chain.ts';
import { dues } from './due.ts';
import { workRecord } from './earnings.ts';
import { escrows } from './escrow.ts';
import { nodes } from './node.ts';
import { offencesRecord } from './offences.ts';
import { tenureRecord } from './tenure.ts';
import { delegations, validators } from './validator.ts';
import { withdrawals } from './withdrawal.ts';

export { feeCodec, feeRecord, parametersOf, parametersRecord, poolsRecord, supplyRecord } from './chain.ts';
export { type DueKind, dues, schedule, takeDue } from './due.ts';
export { earn, epochOf, NO_WORK, takePayable, workRecord } from './earnings.ts';
export {
  type Allotment,
  allotmentOf,
  capAt,
  type Escrow,
  escrowOf,
  escrowSigned,
  escrows,
  MAX_ALLOTMENTS,
  requireOpen,
  reserve,
} from './escrow.ts';
export { keepNode, NEW_NODE, nodeOf, nodes, requireServing } from './node.ts';
export { addressCodec, key, type OneTime, oneTimeCodec } from './shapes.ts';
export {
  cometAddressOf,
  type Delegation,
  delegate,
  delegations,
  isActive,
  leading,
  lossOf,
  noteValidator,
  partOf,
  putValidator,
  redeem,
  requireRest,
  reward,
  settleWithdrawal,
  sharesWorth,
  stakeOf,
  UNTRIED,
  type Validator,
  validatorCodec,
  validatorOf,
  validators,
} from './validator.ts';
export { withdraw, withdrawalKey, withdrawals } from './withdrawal.ts';

const KINDS = [
  parametersRecord,
  supplyRecord,
  feeRecord,
  poolsRecord,
  validators,
  delegations,
  nodes,
  escrows,
  withdrawals,
  dues,
  offencesRecord,
  workRecord,
  tenureRecord,
] as const;

const byTag = new Map<number, Pick<AccountKind<never, never>, 'balance'>>(
  KINDS.map((kind) => [kind.tag, kind]),
);

/** Balance of an account record, in sparks; the kind of account follows from the store key. */
export function balanceOf(storeKey: Uint8Array, value: Uint8Array | undefined): bigint {
  if (value === undefined) return 0n;
  const kind = byTag.get(storeKey[0]!);
  if (!kind) throw new Error(`no account kind has the tag ${storeKey[0]}`);
  return kind.balance(value);
}
