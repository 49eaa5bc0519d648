import assert from 'node:assert/strict';
import type { SigningKey } from '#crypto';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import {
  type Draught,
  deterministic,
  grow,
  growTo,
  signer,
  somebody,
  someRefund,
  transactionOf,
  trustingLedger,
} from './chain.ts';

const random = deterministic('acting');
export const TORCH = 1_000_000_000n;
export const FEE = 100_000n;
/** Of actions that leave nothing to be paid later. */
export const LOW_FEE = 8_000n;

/** A chain whose first outputs can be spent. */
export function ready(): Ledger {
  const ledger = trustingLedger();
  growTo(ledger, 4);
  return ledger;
}

export const send = (ledger: Ledger, draught: Draught) =>
  grow(ledger, transactionOf(ledger, random, draught));

/** The ledger refuses it for this reason, and stays as it is. */
export function refused(ledger: Ledger, draught: Draught, why: RegExp): void {
  const before = ledger.head;
  assert.throws(() => send(ledger, draught), { code: 'TRANSACTION_INVALID', message: why });
  assert.deepEqual(ledger.head, before);
}

export const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(signer) as [
  SigningKey,
  SigningKey,
  SigningKey,
];

export const registering = (node = alice, change = {}): Draught => ({
  inputs: 1,
  actions: [
    {
      name: 'nodeRegister',
      body: {
        node: node.publicKey,
        payout: somebody,
        deposit: TORCH,
        withdraw: 0n,
        refund: someRefund,
        sequence: 0,
        fee: 0n,
        ...change,
      },
    },
  ],
  signers: [node],
});
