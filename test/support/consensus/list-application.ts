import { existsSync, readFileSync } from 'node:fs';
import { concat, domainHash, fromHex, fromUtf8, replaceFile, toHex } from '#base';
import type { Application, BlockRequest } from '../../../src/consensus/application/index.ts';
import { Waiting } from './waiting.ts';

/**
 * An application that only hashes what it is given, on a file: for tests of the engine's shell. A transaction whose first
 * byte is 0xff is refused. The validators are those of the genesis, with one power.
 */
export class ListApplication implements Application {
  readonly #path: string;
  #height = 0;
  #appHash: Uint8Array = new Uint8Array(32);
  readonly waiting = new Waiting();
  readonly #included = new Set<string>();
  #next: { height: number; appHash: Uint8Array } | undefined;

  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    const bytes = readFileSync(path);
    this.#height = bytes.readUInt32LE(0);
    this.#appHash = new Uint8Array(bytes.subarray(4));
  }

  async info() {
    return { height: this.#height, appHash: this.#appHash };
  }

  async initChain({ genesis }: { genesis: Uint8Array }) {
    const { validators } = JSON.parse(fromUtf8(genesis)) as { validators: { key: string }[] };
    return {
      validators: validators.map(({ key }) => ({ key: fromHex(key), power: 10 })),
      appHash: this.#appHash,
    };
  }

  async checkTx({ bytes }: { bytes: Uint8Array }) {
    if (bytes[0] === 0xff) return { code: 1, log: 'refused', priority: 0 };
    if (this.#included.has(toHex(bytes))) return { code: 2, log: 'in a block', priority: 0 };
    this.waiting.add(bytes);
    return { code: 0, log: '', priority: 0 };
  }

  async prepareProposal() {
    return { transactions: [...this.waiting].slice(0, 1000) };
  }

  async processProposal({ transactions }: { transactions: readonly Uint8Array[] }) {
    return transactions.every((transaction) => transaction[0] !== 0xff);
  }

  async extendVote() {
    return new Uint8Array();
  }

  async verifyVoteExtension() {
    return true;
  }

  async finalizeBlock({ height, time, proposer, transactions, lastCommit }: BlockRequest) {
    const head = new Uint8Array(16);
    new DataView(head.buffer).setFloat64(0, time);
    const voters = lastCommit.votes.map(({ flag }) => (flag === 'commit' ? 1 : 0));
    const parts = [this.#appHash, head, proposer, Uint8Array.from(voters), ...transactions];
    const appHash = domainHash('test', concat(parts));
    this.#next = { height, appHash };
    for (const transaction of transactions) {
      this.waiting.delete(transaction);
      this.#included.add(toHex(transaction));
    }
    return { results: transactions.map(() => ({ code: 0, log: '' })), validatorUpdates: [], appHash };
  }

  async commit() {
    const { height, appHash } = this.#next!;
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, height, true);
    replaceFile(this.#path, concat([head, appHash]));
    this.#height = height;
    this.#appHash = appHash;
    return { retainHeight: 0 };
  }

  async query() {
    return {
      code: 1,
      log: 'nothing to ask',
      value: new Uint8Array(),
      proof: new Uint8Array(),
      height: this.#height,
    };
  }

  async listSnapshots() {
    return [];
  }

  async loadSnapshotChunk() {
    return undefined;
  }

  async offerSnapshot() {
    return 'reject' as const;
  }

  async applySnapshotChunk() {
    return { result: 'abort' as const, rejectSenders: [] };
  }
}
