import { shuffled } from '#base';
import { Budgets, type Host, type Limits } from '#network';
import { NEWS_PROTOCOL, sizeOf, type Word } from './announcement.ts';

/** Number of connected nodes that news is forwarded to. */
const FAN_OUT = 4;
/** What is passed on for one sender, and for all together. Bytes count once for each receiver. */
const FOR_SENDER: Limits = {
  heldBytes: 0,
  burstBytes: 16 << 10,
  bytesPerSecond: 6,
  burstCpuMs: 1,
  cpuMsPerSecond: 1,
};
const FOR_ALL: Limits = { ...FOR_SENDER, burstBytes: 64 << 10, bytesPerSecond: 24 };

interface RumourDependencies {
  readonly host: Pick<Host, 'connected' | 'request'>;
  /** Whether a node holds a part of a model that this node holds too. */
  readonly sharesModel: (id: string) => boolean;
  /** Whether the two hold a part of the same model. */
  readonly shareModel: (id: string, other: string) => boolean;
  readonly now: () => number;
  /** A number from 0 to 1. */
  readonly random: () => number;
}

/**
 * Spreads news of nodes over connections: a node's own to all, those of others to a few and within a budget, so that news reach
 * everybody in a small network and stay near, and within the model, in a large one.
 */
export class Rumours {
  readonly #deps: RumourDependencies;
  readonly #ofStrangers: Budgets;
  readonly #ofModels: Budgets;

  constructor(dependencies: RumourDependencies) {
    this.#deps = dependencies;
    const limits = { peer: FOR_SENDER, address: FOR_SENDER, all: FOR_ALL };
    this.#ofStrangers = new Budgets(limits, { now: dependencies.now });
    this.#ofModels = new Budgets(limits, { now: dependencies.now });
  }

  /** Sends to all connected nodes; `wordFor` returns the message for each. */
  tellAll(wordFor: (peer: string) => Word): void {
    for (const peer of this.#deps.host.connected) this.#send(peer, wordFor(peer));
  }

  /** Passes on what `from` has told. */
  passOn(word: Word, from: string): void {
    const { host, sharesModel, shareModel } = this.#deps;
    const others = shuffled(
      host.connected.filter((peer) => peer !== from && peer !== word.id),
      this.#deps.random,
    );
    const isShared = sharesModel(word.id);
    const company = isShared ? others.filter((peer) => shareModel(word.id, peer)) : [];
    const isCompany = company.slice(0, FAN_OUT);
    const rest = others.filter((peer) => !isCompany.includes(peer)).slice(0, FAN_OUT);
    for (const peer of isCompany) if (this.#isPaid(this.#ofModels, from, word)) this.#send(peer, word);
    for (const peer of rest) if (this.#isPaid(this.#ofStrangers, from, word)) this.#send(peer, word);
  }

  #isPaid(budgets: Budgets, from: string, word: Word): boolean {
    try {
      budgets.of(from).take(sizeOf(word));
      return true;
    } catch {
      return false;
    }
  }

  /** A pull recovers messages that do not arrive. */
  #send(peer: string, word: Word): void {
    this.#deps.host.request({ id: peer, addresses: [] }, NEWS_PROTOCOL, { word }).catch(() => undefined);
  }
}
