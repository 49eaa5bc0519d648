import type { Address, Curve } from '#crypto';
import { MemoryStore } from '#store';
import {
  delegate,
  delegations,
  feeRecord,
  NO_WORK,
  parametersRecord,
  poolsRecord,
  putValidator,
  supplyRecord,
  UNTRIED,
  workRecord,
} from '../accounts/index.ts';
import type { Parameters } from '../parameters.ts';
import { type BlockResult, finish } from './block.ts';
import { Draft } from './draft.ts';

/** Initial state of a chain. A production network has no grants: nothing is minted before work is done. */
export interface Genesis {
  readonly parameters: Parameters;
  readonly validators: readonly GenesisValidator[];
  /** Outputs of a test network: money for the faucet, and decoys for the first rings. */
  readonly grants: readonly { readonly to: Address; readonly amount: bigint }[];
}

export interface GenesisValidator {
  readonly validator: Uint8Array;
  readonly owner: Uint8Array;
  readonly payout: Address;
  readonly commission: number;
  /** Sparks bonded at genesis; 0 on a network that mints nothing at genesis. */
  readonly tokens: bigint;
}

/** The state at height 0. Commit its changes to an empty store. */
export function applyGenesis(genesis: Genesis, curve: Curve): BlockResult {
  const empty = new MemoryStore();
  const { parameters } = genesis;
  const draft = new Draft(empty, { height: 0, curve, parameters });
  const { view } = draft;
  parametersRecord.bucket.put(view, null, parameters);
  feeRecord.bucket.put(view, null, { base: parameters.startFee });
  poolsRecord.bucket.put(view, null, { seeding: 0n, security: 0n, treasury: 0n });
  workRecord.bucket.put(view, null, NO_WORK);
  supplyRecord.bucket.put(view, null, { minted: 0n, burned: 0n, shielded: 0n, open: 0n });
  for (const { validator, tokens, ...record } of genesis.validators) {
    putValidator(view, validator, { ...record, ...UNTRIED });
    draft.mint(tokens);
    if (tokens > 0n) delegate(view, validator, record.owner, tokens);
    // Keeps the record of a founder that has no bond yet, see `settleWithdrawal`.
    else delegations.bucket.put(view, [validator, record.owner], { shares: 0n, sequence: 0, leaving: 0 });
  }
  for (const { to, amount } of genesis.grants) {
    draft.mint(amount);
    draft.pay(to, amount);
  }
  return finish(empty, draft);
}
