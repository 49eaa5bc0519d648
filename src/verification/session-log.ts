import { BitorchError, toHex } from '#base';
import type { SessionTerms } from '#execution';
import {
  CHUNK_COST_BYTES,
  LOG_CLIENT_MAX_BYTES,
  LOG_COST_BYTES,
  LOG_KEEP_MS,
  LOG_LEFT_MAX_BYTES,
  LOG_MAX_BYTES,
  MAX_LOGS,
} from './constants.ts';

/** What went through a stage in one chunk: floats [to − from, width] each, memory of their own. */
export interface LoggedChunk {
  /** Hexadecimal ids of its receipt and of the one before, '' at position 0. */
  readonly id: string;
  readonly before: string;
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/** A stage's log of one session: the states of the chunks that it signed, the latest that were rolled back among them. */
export class SessionLog {
  readonly terms: SessionTerms;
  readonly #chunks = new Map<string, LoggedChunk>();
  /** What it holds, as charged. */
  bytes = LOG_COST_BYTES;
  endedAt: number | undefined;
  /** Chunks that rollbacks have left behind, oldest first, and what they hold. */
  readonly #left: LoggedChunk[] = [];
  leftBytes = 0;

  constructor(terms: SessionTerms) {
    this.terms = terms;
  }

  get empty(): boolean {
    return this.#chunks.size === 0;
  }

  add(chunk: LoggedChunk): void {
    this.#chunks.set(chunk.id, chunk);
    this.bytes += costOf(chunk);
  }

  leave(chunks: readonly LoggedChunk[]): void {
    this.#left.push(...chunks);
    for (const chunk of chunks) this.leftBytes += costOf(chunk);
  }

  /** Forgets the oldest chunk that was left behind; returns what it held, 0 when there is none. */
  dropLeft(): number {
    const chunk = this.#left.shift();
    if (!chunk) return 0;
    this.#chunks.delete(chunk.id);
    const bytes = costOf(chunk);
    this.bytes -= bytes;
    this.leftBytes -= bytes;
    return bytes;
  }

  /** The chunks from position 0 to the end of the one with this receipt id; undefined when they are not all kept. */
  branch(id: string): LoggedChunk[] | undefined {
    const chunks: LoggedChunk[] = [];
    for (let at = id; at !== ''; ) {
      const chunk = this.#chunks.get(at);
      if (!chunk) return undefined;
      chunks.push(chunk);
      at = chunk.before;
    }
    return chunks.reverse();
  }
}

export interface LogLimits {
  readonly maxBytes: number;
  readonly clientMaxBytes: number;
  readonly maxLogs: number;
  /** Of the chunks of one session that were rolled back. */
  readonly leftMaxBytes: number;
}

const LIMITS: LogLimits = {
  maxBytes: LOG_MAX_BYTES,
  clientMaxBytes: LOG_CLIENT_MAX_BYTES,
  maxLogs: MAX_LOGS,
  leftMaxBytes: LOG_LEFT_MAX_BYTES,
};

const costOf = ({ input, output }: LoggedChunk): number =>
  CHUNK_COST_BYTES + input.byteLength + output.byteLength;

/**
 * The logs of a stage's sessions, charged with what they hold. Ended ones are kept for LOG_KEEP_MS; where room is missing
 * before, the oldest goes of the origin that holds the most, so that nobody's log gives way to those of a greater holder.
 */
export class SessionLogs {
  readonly #limits: LogLimits;
  readonly #logs = new Map<string, SessionLog>();
  /** Bytes by client, and of all. */
  readonly #held = new Map<string, number>();
  #bytes = 0;

  constructor(limits: Partial<LogLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Begins a log. Throws SESSION_KNOWN while one of this client's session is kept, LOG_FULL. */
  open(terms: SessionTerms): SessionLog {
    this.#forgetExpired();
    const name = nameOf(terms);
    if (this.#logs.has(name))
      throw new BitorchError('SESSION_KNOWN', 'a session id is good once: draw a new one');
    const log = new SessionLog(terms);
    this.#makeRoom(terms.client, log.bytes);
    while (this.#logs.size >= this.#limits.maxLogs) this.#forgetOldest(this.#ofGreatestOrigin());
    this.#logs.set(name, log);
    this.#count(terms.client, log.bytes);
    return log;
  }

  /** Adds a chunk to a log that is open. Throws LOG_FULL. */
  add(log: SessionLog, chunk: LoggedChunk): void {
    const { client } = log.terms;
    this.#makeRoom(client, costOf(chunk));
    log.add(chunk);
    this.#count(client, costOf(chunk));
  }

  /** A rollback has left chunks behind. They can still be audited, as long as they are not too many. */
  leave(log: SessionLog, chunks: readonly LoggedChunk[]): void {
    log.leave(chunks);
    while (log.leftBytes > this.#limits.leftMaxBytes) this.#count(log.terms.client, -log.dropLeft());
  }

  /** Nothing will be added any more. What holds no chunk is not kept: nothing was signed that could be audited. */
  close(log: SessionLog): void {
    log.endedAt = Date.now();
    if (log.empty) this.#forget(log);
  }

  find(session: Pick<SessionTerms, 'session' | 'client'>): SessionLog | undefined {
    this.#forgetExpired();
    return this.#logs.get(nameOf(session));
  }

  #makeRoom(client: string, bytes: number): void {
    this.#forgetExpired();
    const { maxBytes, clientMaxBytes } = this.#limits;
    while (this.#heldBy(client) + bytes > clientMaxBytes)
      this.#forgetOldest(this.#ended().filter(({ terms }) => terms.client === client));
    while (this.#bytes + bytes > maxBytes) this.#forgetOldest(this.#ofGreatestOrigin());
  }

  #forgetExpired(): void {
    const now = Date.now();
    for (const log of this.#logs.values())
      if (log.endedAt !== undefined && now - log.endedAt > LOG_KEEP_MS) this.#forget(log);
  }

  #forgetOldest(logs: readonly SessionLog[]): void {
    const [oldest] = logs.toSorted((a, b) => a.endedAt! - b.endedAt!);
    if (!oldest)
      throw new BitorchError('LOG_FULL', 'no more evidence can be kept here: try again in some minutes');
    this.#forget(oldest);
  }

  #forget(log: SessionLog): void {
    this.#logs.delete(nameOf(log.terms));
    this.#count(log.terms.client, -log.bytes);
  }

  /** The logs that have ended of the origin whose logs hold the most. */
  #ofGreatestOrigin(): SessionLog[] {
    const held = new Map<string, number>();
    for (const { terms, bytes } of this.#logs.values())
      held.set(terms.origin, (held.get(terms.origin) ?? 0) + bytes);
    const ended = this.#ended();
    const most = Math.max(...ended.map(({ terms }) => held.get(terms.origin)!));
    return ended.filter(({ terms }) => held.get(terms.origin) === most);
  }

  #ended(): SessionLog[] {
    return [...this.#logs.values()].filter(({ endedAt }) => endedAt !== undefined);
  }

  #heldBy(client: string): number {
    return this.#held.get(client) ?? 0;
  }

  #count(client: string, bytes: number): void {
    this.#bytes += bytes;
    const held = this.#heldBy(client) + bytes;
    if (held > 0) this.#held.set(client, held);
    else this.#held.delete(client);
  }
}

const nameOf = ({ session, client }: Pick<SessionTerms, 'session' | 'client'>) =>
  `${client} ${toHex(session)}`;
