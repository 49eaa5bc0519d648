import { type Clock, check, dropOldest, fromHex, type Logger, messageOf, shuffled, z } from '#base';
import type { Host, PeerAddress } from '#network';
import { HOLDERS_PROTOCOL, type Word, wordSchema } from './announcement.ts';
import { providerKey } from './provider-records.ts';

/** Connected nodes asked for holders, at the same time. */
const ASKED = 4;
/** Providers from the hash table that are met, and how many at the same time. */
const MET = 8;
const MET_AT_ONCE = 4;
const LOOK_UP_TIMEOUT_MS = 20_000;
/** What a node answers about holders. */
export const MAX_HOLDERS = 8;
export const HOLDERS_BYTES = 8 << 10;
const ANSWER_BYTES = HOLDERS_BYTES + 1_024;
/** After a search without result the next one waits, longer each time. */
const FIRST_PAUSE_MS = 5_000;
const LAST_PAUSE_MS = 600_000;
const MAX_REMEMBERED = 256;
const MAX_SEARCHES = 4;

const answerSchema = z.array(wordSchema).max(MAX_HOLDERS);

interface SearchDependencies {
  readonly host: Pick<Host, 'connected' | 'request' | 'contentRouting' | 'id'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Whether a reachable other node is known that holds the manifest, or runs the block of it. */
  readonly isKnown: (manifest: string, block: number | undefined) => boolean;
  /** Processes what `from` sends about other nodes. */
  readonly learn: (words: readonly Word[], from: string) => void;
  /** Connects to a node and receives its announcement. */
  readonly meet: (peer: PeerAddress) => Promise<void>;
}

/** Finds nodes that hold a model and are not in the view: asks a few connected nodes, then the hash table. */
export class ProviderSearch {
  readonly #deps: SearchDependencies;
  readonly #running = new Map<string, Promise<void>>();
  /** What was not found, and when it may be looked for again. */
  readonly #failures = new Map<string, { readonly pauseMs: number; readonly until: number }>();

  constructor(dependencies: SearchDependencies) {
    this.#deps = dependencies;
  }

  /** Resolves when a holder is known, when none was found, or immediately when it is too soon to search again. */
  find(manifest: string, block?: number): Promise<void> {
    const { isKnown, clock } = this.#deps;
    const name = `${manifest} ${block ?? ''}`;
    const running = this.#running.get(name);
    if (running) return running;
    const failure = this.#failures.get(name);
    const isEarly = failure !== undefined && clock.now() < failure.until;
    if (isKnown(manifest, block) || isEarly || this.#running.size >= MAX_SEARCHES) return Promise.resolve();
    const search = this.#search(manifest, block).then((isFound) => {
      this.#running.delete(name);
      if (isFound) this.#failures.delete(name);
      else this.#remember(name);
    });
    this.#running.set(name, search);
    return search;
  }

  #remember(name: string): void {
    const { pauseMs = 0 } = this.#failures.get(name) ?? {};
    const next = Math.min(LAST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * pauseMs));
    this.#failures.delete(name);
    this.#failures.set(name, { pauseMs: next, until: this.#deps.clock.now() + next });
    dropOldest(this.#failures, MAX_REMEMBERED);
  }

  /** Whether a holder is known in the end; never rejects. */
  async #search(manifest: string, block: number | undefined): Promise<boolean> {
    const isFound = () => this.#deps.isKnown(manifest, block);
    await this.#ask(manifest, block);
    if (!isFound()) await this.#lookUp(manifest, block, isFound);
    return isFound();
  }

  async #ask(manifest: string, block: number | undefined): Promise<void> {
    const { host, random, learn, log } = this.#deps;
    const question = { manifest: fromHex(manifest), block: block ?? null };
    const asked = shuffled(host.connected, random).slice(0, ASKED);
    await Promise.all(
      asked.map(async (id) => {
        try {
          const peer = { id, addresses: [] };
          const answer = await host.request(peer, HOLDERS_PROTOCOL, question, { maxBytes: ANSWER_BYTES });
          learn(check(answerSchema, answer, 'holders'), id);
        } catch (error) {
          log.debug({ peer: id, error: messageOf(error) }, 'question for holders not answered');
        }
      }),
    );
  }

  async #lookUp(manifest: string, block: number | undefined, isFound: () => boolean): Promise<void> {
    const { host, meet, log } = this.#deps;
    try {
      const signal = AbortSignal.timeout(LOOK_UP_TIMEOUT_MS);
      const key = providerKey(manifest, block);
      const found = (await host.contentRouting?.findProviders(key, { count: MET, signal })) ?? [];
      const left = found.filter(({ id }) => id !== host.id)[Symbol.iterator]();
      const meetSome = async () => {
        for (const provider of left) {
          if (isFound()) return;
          await meet(provider).catch(() => undefined);
        }
      };
      await Promise.all(Array.from({ length: MET_AT_ONCE }, meetSome));
    } catch (error) {
      log.debug({ manifest, error: messageOf(error) }, 'hash table not asked');
    }
  }
}
