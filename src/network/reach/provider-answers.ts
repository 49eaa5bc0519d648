import type { PeerAddress } from '../peer-address.ts';

/** Answers with providers after which a look-up ends. */
const ENOUGH_ANSWERS = 4;
const MAX_ADDRESSES = 16;

/**
 * What the nodes of the hash table answered about one key. None of it is proven, so no answer may crowd out the others: they take
 * turns in naming a provider.
 */
export class ProviderAnswers {
  readonly #count: number;
  readonly #answers = new Map<string, readonly PeerAddress[]>();

  /** `count`: providers wanted, and taken of one answer. */
  constructor(count: number) {
    this.#count = count;
  }

  /** The first answer of a node counts. */
  add(from: string, providers: readonly PeerAddress[]): void {
    if (providers.length === 0 || this.isEnough || this.#answers.has(from)) return;
    this.#answers.set(from, providers.slice(0, this.#count));
  }

  get isEnough(): boolean {
    return this.#answers.size >= ENOUGH_ANSWERS;
  }

  /** At most `count` providers, with the addresses that any answer gave. */
  get providers(): PeerAddress[] {
    const found = new Map<string, PeerAddress>();
    for (let turn = 0; turn < this.#count; turn++)
      for (const answer of this.#answers.values()) {
        const provider = answer[turn];
        if (!provider) continue;
        const { addresses = [] } = found.get(provider.id) ?? {};
        const all = [...new Set([...addresses, ...provider.addresses])].slice(0, MAX_ADDRESSES);
        found.set(provider.id, { ...provider, addresses: all });
      }
    return [...found.values()].slice(0, this.#count);
  }
}
