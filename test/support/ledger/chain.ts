import { createCipheriv } from 'node:crypto';
import { sha256, utf8 } from '#base';
import {
  type Address,
  accountFromSpendSecret,
  addressAt,
  defaultCurve,
  PRIMARY,
  type RandomBytes,
  SigningKey,
  scalarOf,
  toWire,
} from '#crypto';
import { MemoryStore, type Store } from '#store';
import { parametersOf } from '../../../src/ledger/accounts/index.ts';
import { type Action, legsOf } from '../../../src/ledger/actions/registry.ts';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { DEFAULT_PARAMETERS, type Parameters } from '../../../src/ledger/parameters.ts';
import type { Genesis } from '../../../src/ledger/state/genesis.ts';
import type { SpendRules } from '../../../src/ledger/state/spending.ts';
import { TRANSACTION_PURPOSE } from '../../../src/ledger/state/spending.ts';
import type { Body } from '../../../src/ledger/transaction/body.ts';
import { bodyHash, makeTransaction, type Transaction } from '../../../src/ledger/transaction/transaction.ts';

export const curve = defaultCurve();

/** Bytes that look random and are the same in every run. */
export function deterministic(seed: string): RandomBytes {
  const stream = createCipheriv('aes-256-ctr', sha256(utf8(seed)), new Uint8Array(16));
  return (length) => new Uint8Array(stream.update(new Uint8Array(length)));
}

/** Whole numbers below a limit, the same in every run. */
export function dice(seed: string): (limit: number) => number {
  const random = deterministic(seed);
  return (limit) => Number(Buffer.from(random(8)).readBigUInt64LE() % BigInt(limit));
}

export const signer = (name: string): SigningKey => new SigningKey(sha256(utf8(name)));

const account = accountFromSpendSecret(scalarOf(12_345n), curve);
export const somebody: Address = addressAt(account, PRIMARY, curve);

/** A refund of real points; who owns it does not matter to the state. */
export const someRefund = {
  key: toWire(account.spendKey, curve),
  txKey: toWire(account.viewKey, curve),
  viewTag: Uint8Array.of(1, 2, 3),
};

/** Any bytes stand for points and all proofs hold: for tests of the state, where cryptography is not the matter. */
export const trustingSpends: SpendRules = {
  resolve: ({ body, proofs }) => ({
    keyImages: body.inputs.map((input) => input.keyImage),
    outputs: body.outputs,
    pseudoOuts: proofs.spend?.pseudoOuts ?? [],
  }),
  verify: () => undefined,
};

export const TEST_PARAMETERS: Parameters = {
  ...DEFAULT_PARAMETERS,
  chainId: new Uint8Array(32).fill(7),
  network: Uint8Array.of(7, 7, 7, 7),
  maturity: 2,
  mintMaturity: 3,
  epochBlocks: 20,
  unbondingBlocks: 50,
  settlementWindow: 10,
  silenceWindow: 5,
  leastBond: 1_000_000_000n,
  leastServiceBond: 1_000_000n,
  leastDelegation: 1_000n,
  startFee: 10n,
  holdbackEpochs: 2,
};

export function genesisOf(parameters = TEST_PARAMETERS, grants = 20, amount = 10n ** 15n): Genesis {
  return {
    parameters,
    validators: [],
    grants: Array.from({ length: grants }, () => ({ to: somebody, amount })),
  };
}

export function trustingLedger(genesis: Genesis = genesisOf(), store: Store = new MemoryStore()): Ledger {
  return Ledger.create(genesis, { store, curve, spends: trustingSpends });
}

export interface Draught {
  readonly actions?: readonly Action[];
  /** Who signs, for each key that the actions ask for. */
  readonly signers?: readonly SigningKey[];
  /** Private inputs: needed where money is deposited. */
  readonly inputs?: number;
  readonly fee?: bigint;
  readonly expiry?: number;
}

const zeros = (length: number) => new Uint8Array(length);

/** A transaction whose ring members are the first outputs and whose proofs are zeros. */
export function transactionOf(ledger: Ledger, random: RandomBytes, draught: Draught): Transaction {
  const { actions = [], signers = [], inputs = 0 } = draught;
  const { releases, deposits } = legsOf({ actions });
  const images = Array.from({ length: inputs }, () => random(32)).sort(Buffer.compare);
  const output = () => ({
    key: random(32),
    commitment: random(32),
    txKey: random(32),
    encryptedAmount: random(8),
    viewTag: random(3),
  });
  const body: Body = {
    chainId: parametersOf(ledger.state).chainId,
    expiry: draught.expiry ?? ledger.head.height + 20,
    fee: draught.fee ?? (inputs > 0 ? 10_000_000n : releases - deposits),
    inputs: images.map((keyImage, i) => ({
      ring: Array.from({ length: 16 }, (_, j) => (j < 15 ? j : 15 + i)),
      keyImage,
    })),
    outputs: inputs > 0 ? [output(), output()] : [],
    memo: zeros(0),
    actions,
  };
  const keys = (count: number) => Array.from({ length: count }, () => zeros(32));
  const [a, a1, b, r1, s1, d1] = Array.from({ length: 6 }, () => zeros(32)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const spend = {
    range: { a, a1, b, r1, s1, d1, left: keys(7), right: keys(7) },
    rings: images.map(() => ({ scalars: keys(16), challenge: zeros(32), commitmentImage: zeros(32) })),
    pseudoOuts: keys(images.length),
  };
  const hash = bodyHash(body, curve);
  const signatures = signers.map((key) => key.sign(TRANSACTION_PURPOSE, hash));
  return makeTransaction(body, { spend: inputs > 0 ? spend : undefined, signatures }, curve);
}

/** Applies and commits a block of these transactions. */
export function grow(ledger: Ledger, ...transactions: Transaction[]): ReturnType<Ledger['apply']> {
  const result = ledger.apply({ height: ledger.head.height + 1, transactions });
  ledger.commit(result);
  return result;
}

/** Grows empty blocks up to a height. */
export function growTo(ledger: Ledger, height: number): void {
  while (ledger.head.height < height) grow(ledger);
}
