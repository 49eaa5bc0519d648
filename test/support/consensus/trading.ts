import { toHex } from '#base';
import { decodeMessage, type Message } from '../../../src/consensus/gossip/messages.ts';
import { ChainPeer } from '../../../src/consensus/gossip/peer.ts';
import { TransactionGossip, TransactionPool } from '../../../src/consensus/mempool/index.ts';

/** An application that takes every transaction, unless `code` says otherwise. */
export class Willing {
  readonly #waiting = new Map<string, Uint8Array>();
  readonly #code: (transaction: Uint8Array) => number;

  constructor(code: (transaction: Uint8Array) => number = () => 0) {
    this.#code = code;
  }

  async checkTx({ bytes }: { bytes: Uint8Array }) {
    const code = this.#code(bytes);
    if (code === 0) this.#waiting.set(toHex(TransactionPool.idOf(bytes)), bytes);
    return { code, log: '', priority: 0 };
  }

  get waiting() {
    const all = this.#waiting;
    return {
      size: all.size,
      bytes: [...all.values()].reduce((sum, { length }) => sum + length, 0),
      has: (id: Uint8Array) => all.has(toHex(id)),
      get: (id: Uint8Array) => all.get(toHex(id)),
      ids: (): Iterable<Uint8Array> => [...all.values()].map(TransactionPool.idOf),
    };
  }
}

export const poolOf = (application: Willing): TransactionPool =>
  new TransactionPool({}, { application: application as never });

/** A peer that is only a name, and what it is sent. */
export function peerNamed(id: string, now: () => number = () => 0): { peer: ChainPeer; sent: Message[] } {
  const sent: Message[] = [];
  const stream = {
    send: async (frame: Uint8Array) => void sent.push(decodeMessage(frame)),
    abort: () => undefined,
  };
  const peer = new ChainPeer(id, { stream: stream as never, now, onLost: () => undefined });
  return { peer, sent };
}

export interface Carried {
  readonly from: string;
  readonly to: string;
  readonly message: Message;
}

/** Nodes that only trade transactions, joined in memory. What they say waits until it is carried over. */
export class TradingNetwork {
  readonly nodes = new Map<string, { trade: TransactionGossip; peers: Map<string, ChainPeer> }>();
  /** All that was ever carried, in order. */
  readonly carried: Carried[] = [];
  /** Nodes that do nothing with what they are told. */
  readonly deaf = new Set<string>();
  readonly #waiting: Carried[] = [];
  readonly #random: () => number;
  now = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  add(name: string): void {
    const peers = new Map<string, ChainPeer>();
    const trade = new TransactionGossip({
      pool: poolOf(new Willing()),
      now: () => this.now,
      peers: () => [...peers.values()],
      random: this.#random,
    });
    this.nodes.set(name, { trade, peers });
  }

  join(one: string, other: string): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const send = async (frame: Uint8Array) =>
        void this.#waiting.push({ from, to, message: decodeMessage(frame) });
      const stream = { send, abort: () => undefined } as never;
      const peer = new ChainPeer(to, { stream, now: () => this.now, onLost: () => undefined });
      this.nodes.get(from)!.peers.set(to, peer);
    }
  }

  /** Carries over what waits, and what that leads to, in any order. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate);
      if (this.#waiting.length === 0) return;
      const [next] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1);
      this.carried.push(next!);
      const { from, to, message } = next!;
      if (!this.deaf.has(to)) {
        const { trade, peers } = this.nodes.get(to)!;
        trade.receive(message as never, peers.get(from)!);
      }
    }
  }
}
