export type {
  Allotment,
  Delegation,
  Escrow,
  OneTime,
  Pools,
  ServiceNode,
  Validator,
  Withdrawal,
} from './accounts/index.ts';
export {
  addressCodec,
  bondedTokens,
  capAt,
  cometAddressOf,
  committed,
  delegations,
  escrows,
  feeCodec,
  feeRecord,
  isActive,
  leading,
  nodes,
  parametersOf,
  parametersRecord,
  poolsRecord,
  putValidator,
  reserve,
  stakeOf,
  supplyRecord,
  validatorCodec,
  validators,
  withdrawals,
} from './accounts/index.ts';
export * from './accumulators/index.ts';
export {
  ACTIONS,
  type Action,
  type ActionBody,
  type ActionName,
  burdenOf,
  legsOf,
  rulesOf,
} from './actions/registry.ts';
export * from './codec/index.ts';
export * from './constants.ts';
export * from './equivocation.ts';
export * from './escrow/index.ts';
export * from './ledger.ts';
export * from './mempool.ts';
export * from './parameters.ts';
export * from './state/index.ts';
export * from './transaction/index.ts';
export * from './vote.ts';
export * from './wallet/index.ts';
