import assert from 'node:assert/strict';
import { BitorchError, toHex } from '#base';
import type { SigningKey } from '#crypto';
import {
  balanceOf,
  escrows,
  nodes,
  parametersOf,
  supplyRecord,
  validators,
} from '../../../src/ledger/accounts/index.ts';
import { delegations } from '../../../src/ledger/accounts/validator.ts';
import type { Action } from '../../../src/ledger/actions/registry.ts';
import { keyImages, outputRange } from '../../../src/ledger/buckets.ts';
import { signReceipt } from '../../../src/ledger/escrow/receipt.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { applyTransaction } from '../../../src/ledger/state/apply.ts';
import { Draft } from '../../../src/ledger/state/draft.ts';
import type { Transaction } from '../../../src/ledger/transaction/transaction.ts';
import {
  curve,
  type Draught,
  deterministic,
  dice,
  signer,
  somebody,
  someRefund,
  transactionOf,
} from './chain.ts';
import { doubleVote } from './double-vote.ts';

const TORCH = 1_000_000_000n;
const FEE = 60_000n;
const LOW_FEE = 8_000n;

/** Makes blocks of random actions of a small cast, most of which the ledger takes and some of which it must not. */
export class RandomBlocks {
  readonly taken = new Map<string, number>();
  readonly refusals = new Map<string, number>();
  readonly #ledger: Ledger;
  readonly #random: ReturnType<typeof deterministic>;
  readonly #dice: ReturnType<typeof dice>;
  readonly #cast: SigningKey[];
  #sessions: SigningKey[] = [];
  #spent: Transaction[] = [];
  #born = 0;
  readonly #most: number;

  constructor(ledger: Ledger, seed: string, cast = 12, most = 3) {
    this.#most = most;
    this.#ledger = ledger;
    this.#random = deterministic(seed);
    this.#dice = dice(`${seed} dice`);
    this.#cast = Array.from({ length: cast }, (_, i) => signer(`${seed} ${i}`));
  }

  /** Applies the next block and commits it. */
  grow(): Uint8Array {
    const transactions = this.next();
    const height = this.#ledger.head.height + 1;
    const attendance = this.#cast.map(({ publicKey }, i) => ({
      validator: publicKey,
      signed: i > 0 || this.#dice(3) === 0,
    }));
    const result = this.#ledger.apply({ height, transactions, attendance, ...this.#proposer() });
    this.#ledger.commit(result);
    return result.appHash;
  }

  /** The first transactions of a draw that hold together. */
  next(): Transaction[] {
    const height = this.#ledger.head.height + 1;
    const transactions: Transaction[] = [];
    const draft = new Draft(this.#ledger.state, { height, curve });
    for (let left = this.#dice(this.#most + 1); left > 0; left--) {
      const [name, draught] = this.#draw();
      const transaction =
        draught === 'double spend'
          ? this.#spent[this.#dice(this.#spent.length)]
          : transactionOf(this.#ledger, this.#random, draught);
      if (transaction) this.#tryOut(name, transaction, transactions, draft);
    }
    for (const transaction of transactions)
      if (transaction.body.inputs.length > 0) this.#spent.push(transaction);
    this.#spent = this.#spent.slice(-20);
    return transactions;
  }

  #tryOut(name: string, transaction: Transaction, chosen: Transaction[], draft: Draft): void {
    try {
      const fork = draft.fork();
      applyTransaction(fork, transaction, this.#ledger.spends.resolve(transaction));
      draft.adopt(fork);
      chosen.push(transaction);
      assert.notEqual(name, 'double spend', 'a double spend was taken');
      this.taken.set(name, (this.taken.get(name) ?? 0) + 1);
    } catch (error) {
      if (!(error instanceof BitorchError) || error.code !== 'TRANSACTION_INVALID') throw error;
      this.refusals.set(name, (this.refusals.get(name) ?? 0) + 1);
    }
  }

  #proposer(): { proposer?: Uint8Array } {
    return { proposer: this.#cast[this.#ledger.head.height % this.#cast.length]!.publicKey };
  }

  #one = (): SigningKey => this.#cast[this.#dice(this.#cast.length)]!;

  #amount = (): bigint => BigInt(this.#dice(5_000)) * (TORCH / 500n) + 1n;

  #draw(): [string, Draught | 'double spend'] {
    const [a, b] = [this.#one(), this.#one()];
    const { state } = this.#ledger;
    const act = (
      name: Action['name'],
      body: unknown,
      signers: SigningKey[],
      inputs = 0,
    ): [string, Draught] => [name, { actions: [{ name, body } as Action], signers, inputs }];
    switch (this.#dice(16)) {
      case 0:
        return this.#spent.length > 0 ? ['double spend', 'double spend'] : ['transfer', { inputs: 1 }];
      case 1: {
        const id = this.#dice(4) === 0 ? this.#cast[0]! : a;
        const keys = { validator: id.publicKey, owner: b.publicKey };
        return act(
          'bond',
          { ...keys, payout: somebody, commission: this.#dice(10_001), amount: this.#amount() },
          [id, b],
          1,
        );
      }
      case 2:
        return act(
          'delegate',
          { validator: a.publicKey, delegator: b.publicKey, amount: this.#amount() },
          [],
          1,
        );
      case 3:
      case 4: {
        const ours = new Set(this.#cast.map((key) => toHex(key.publicKey)));
        const own = [...delegations.bucket.entries(state)].filter(([[, delegator]]) =>
          ours.has(toHex(delegator)),
        );
        const entry = own[this.#dice(20)];
        const [validator, delegator] = entry?.[0] ?? [a.publicKey, b.publicKey];
        const by = this.#cast.find((key) => toHex(key.publicKey) === toHex(delegator))!;
        const { shares, sequence } = entry?.[1] ?? { shares: 1n, sequence: 0 };
        const part = shares / BigInt(this.#dice(3) + 1);
        return act(
          'undelegate',
          { validator, delegator, shares: part, refund: someRefund, sequence, fee: FEE },
          [by],
        );
      }
      case 5:
      case 6: {
        const { sequence, bond } = nodes.bucket.get(state, a.publicKey) ?? { sequence: 0, bond: 0n };
        const leave = bond > 0n && this.#dice(3) === 0;
        const moves = leave
          ? { deposit: 0n, withdraw: bond - FEE, fee: FEE }
          : { deposit: this.#amount(), withdraw: 0n, fee: 0n };
        const body = { node: a.publicKey, payout: somebody, refund: someRefund, sequence, ...moves };
        return act('nodeRegister', body, [a], leave ? 0 : 1);
      }
      case 7:
      case 8: {
        const session = signer(`session ${this.#born++}`);
        this.#sessions = [...this.#sessions, session].slice(-12);
        const value = this.#amount() + TORCH;
        const caps = [a, b].map(({ publicKey }) => ({ node: publicKey, cap: value / 3n }));
        const deadline = this.#ledger.head.height + 1 + this.#dice(30);
        const body = {
          escrow: session.publicKey,
          value,
          deposit: value / 5n,
          deadline,
          refund: someRefund,
          caps,
        };
        return act('escrowOpen', body, [session], 1);
      }
      case 9:
      case 10:
        return this.#settle(act);
      case 11:
      case 13:
        return this.#amendOrClose(act);
      case 12: {
        if (this.#dice(5) > 0) return ['transfer', { inputs: 1 }];
        const { chainId } = parametersOf(state);
        return act('evidence', doubleVote(chainId, a, { height: this.#ledger.head.height }), []);
      }
      case 14: {
        const first = this.#cast[0]!;
        const record = validators.bucket.get(state, first.publicKey);
        const by = this.#cast.find(
          ({ publicKey }) => toHex(publicKey) === toHex(record?.owner ?? publicKey),
        )!;
        const sequence = record?.sequence ?? 0;
        const isPrivate = this.#dice(2);
        const fee = isPrivate ? 0n : LOW_FEE;
        return act('unjail', { validator: first.publicKey, sequence, fee }, [by], isPrivate);
      }
      default:
        return ['transfer', { inputs: 1 + this.#dice(3) }];
    }
  }

  #settle(
    act: (name: Action['name'], body: unknown, signers: SigningKey[]) => [string, Draught],
  ): [string, Draught] {
    const session = this.#sessions[this.#dice(12)] ?? this.#one();
    const escrow = escrows.bucket.get(this.#ledger.state, session.publicKey);
    const allotment = escrow?.allotments[this.#dice(2)];
    const node = this.#cast.find((key) => toHex(key.publicKey) === toHex(allotment?.node ?? key.publicKey))!;
    const statement = {
      chainId: parametersOf(this.#ledger.state).chainId,
      escrow: session.publicKey,
      node: node.publicKey,
      deadline: escrow?.deadline ?? 0,
      sequence: 1,
      tokensIn: 1,
      tokensOut: 1,
      amount: (allotment?.settled ?? 0n) + this.#amount() / 10n,
      transcript: new Uint8Array(32),
    };
    const { chainId: _, node: __, ...claim } = statement;
    const claims = [{ ...claim, signature: signReceipt(statement, session).signature }];
    return act('escrowSettle', { node: node.publicKey, claims, fee: FEE }, [node]);
  }

  #amendOrClose(
    act: (name: Action['name'], body: unknown, signers: SigningKey[]) => [string, Draught],
  ): [string, Draught] {
    const session = this.#sessions[this.#dice(12)] ?? this.#one();
    const escrow = escrows.bucket.get(this.#ledger.state, session.publicKey);
    const deadline = escrow?.deadline ?? 1;
    const named = (id: Uint8Array) => this.#cast.find((key) => toHex(key.publicKey) === toHex(id))!;
    if (this.#dice(2) === 0) {
      const cap = this.#amount() / 4n;
      const changes = [{ node: escrow?.allotments[0]?.node ?? this.#one().publicKey, cap, consent: 0 }];
      const sequence = escrow?.sequence ?? 0;
      const body = { escrow: session.publicKey, deadline, sequence, changes, fee: LOW_FEE };
      return act('escrowAmend', body, [session]);
    }
    const signing = (escrow?.allotments ?? [])
      .filter(({ cap, settled }) => cap > settled)
      .map(({ node }) => named(node));
    const body = { escrow: session.publicKey, deadline, finals: [], fee: FEE };
    return act('escrowClose', body, [session, ...signing]);
  }

  /** Adds up every account and every key image again, from nothing. */
  audit(): void {
    const { state } = this.#ledger;
    let open = 0n;
    for (const { key, value } of state.range({ from: Uint8Array.of(0x80), to: Uint8Array.of(0xff) })) {
      open += balanceOf(key, value);
    }
    const supply = supplyRecord.bucket.get(state, null)!;
    assert.equal(supply.open, open);
    assert.equal(supply.minted, supply.burned + supply.shielded + supply.open);
    assert.ok(
      [...validators.bucket.entries(state)].every(([, { tokens, shares }]) => tokens >= 0n && shares >= 0n),
    );
    for (const [, escrow] of escrows.bucket.entries(state)) {
      assert.ok(escrow.allotments.every(({ cap, settled }) => settled <= cap));
    }
    assert.ok([...keyImages.entries(state)].every(([, height]) => height <= this.#ledger.head.height));
    assert.ok(outputRange.count(state) > 0);
  }
}
