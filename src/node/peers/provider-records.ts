import { type Clock, domainHash, fromHex, type Logger, messageOf, writeU32 } from '#base';
import type { Host } from '#network';
import type { Holding } from './announcement.ts';
import { idOfHolding } from './holdings.ts';

/** Blocks that share a key of the hash table. */
const BLOCKS_OF_KEY = 32;
const MAX_KEYS = 256;
const MAX_GROUPS_OF_MODEL = 8;
const PROVIDE_TIMEOUT_MS = 60_000;
/** Until what failed is tried again, longer each time. */
const RETRIES = { firstMs: 2_000, lastMs: 600_000 };

/** The key in the hash table of those who hold a manifest (hexadecimal id), or who run blocks near one. */
export function providerKey(manifest: string, block?: number): Uint8Array {
  const id = fromHex(manifest);
  if (block === undefined) return domainHash('provider', id);
  const group = new Uint8Array(4);
  writeU32(group, 0, Math.floor(block / BLOCKS_OF_KEY));
  return domainHash('provider', id, group);
}

interface RecordDependencies {
  readonly host: Pick<Host, 'contentRouting' | 'connected'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells the hash table what this node holds, one key at a time. The table itself renews what it was told. */
export class ProviderRecords {
  readonly #deps: RecordDependencies;
  /** Keys wanted, by a name of theirs; told or not. */
  #wanted = new Map<string, Uint8Array>();
  readonly #told = new Set<string>();
  #retryMs = RETRIES.firstMs;
  #isBusy = false;
  #isStopped = false;
  #stopWaiting: () => void = () => undefined;

  constructor(dependencies: RecordDependencies) {
    this.#deps = dependencies;
  }

  /** What this node holds now. */
  holds(holdings: readonly Holding[]): void {
    this.#wanted = keysOf(holdings);
    for (const name of this.#told) if (!this.#wanted.has(name)) this.#told.delete(name);
    void this.#tell();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopWaiting();
  }

  async #tell(): Promise<void> {
    const { host, clock, log } = this.#deps;
    const routing = host.contentRouting;
    if (!routing || this.#isBusy || this.#isStopped) return;
    this.#isBusy = true;
    const isAlone = host.connected.length === 0;
    let failed = isAlone;
    for (let next = this.#next(); next && !failed && !this.#isStopped; next = this.#next()) {
      const [name, key] = next;
      try {
        await routing.provide(key, AbortSignal.timeout(PROVIDE_TIMEOUT_MS));
        this.#told.add(name);
      } catch (error) {
        log.debug({ key: name, error: messageOf(error) }, 'hash table was not told');
        failed = true;
      }
    }
    this.#isBusy = false;
    // Alone, it costs nothing to look again, and the first peer should be told soon.
    if (isAlone) this.#retryMs = RETRIES.firstMs;
    const retryMs = this.#retryMs;
    this.#retryMs = failed ? Math.min(RETRIES.lastMs, 2 * retryMs) : RETRIES.firstMs;
    this.#stopWaiting();
    if (failed && this.#next()) this.#stopWaiting = clock.after(retryMs, () => void this.#tell());
  }

  #next(): [string, Uint8Array] | undefined {
    for (const key of this.#wanted) if (!this.#told.has(key[0])) return key;
    return undefined;
  }
}

/** Names and keys, those of blocks first. */
function keysOf(holdings: readonly Holding[]): Map<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  const held = holdings.filter(({ bytesHave, blocks }) => bytesHave > 0 || blocks);
  for (const holding of held.filter(({ blocks }) => blocks)) {
    const [id, [first, end]] = [idOfHolding(holding), holding.blocks!];
    const last = Math.min(end, first + BLOCKS_OF_KEY * MAX_GROUPS_OF_MODEL);
    for (let block = first - (first % BLOCKS_OF_KEY); block < last; block += BLOCKS_OF_KEY)
      keys.set(`${id} ${block}`, providerKey(id, block));
  }
  for (const holding of held) keys.set(idOfHolding(holding), providerKey(idOfHolding(holding)));
  return new Map([...keys].slice(0, MAX_KEYS));
}
