import { BitorchError, toHex } from '#base';
import type { SessionTerms } from '#execution';
import {
  CHUNK_COST_BYTES,
  LOG_CLIENT_MAX_BYTES,
  LOG_COST_BYTES,
  LOG_KEEP_MS,
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

/** A stage's log of one session: the states of every chunk that it signed, of branches that were rolled back, too. */
export class SessionLog {
  readonly terms: SessionTerms;
  readonly #chunks = new Map<string, LoggedChunk>();
  /** What it holds, as charged. */
  bytes = LOG_COST_BYTES;
  endedAt: number | undefined;

  constructor(terms: SessionTerms) {
    this.terms = terms;
  }

  get empty(): boolean {
    return this.#chunks.size === 0;
  }

  add(chunk: LoggedChunk): void {
    this.#chunks.set(chunk.id, chunk);
  }

  /** The chunks from position 0 to the end of the one with this receipt id; undefined when that is not of this session. */
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
}

const LIMITS: LogLimits = {
  maxBytes: LOG_MAX_BYTES,
  clientMaxBytes: LOG_CLIENT_MAX_BYTES,
  maxLogs: MAX_LOGS,
};

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
    const bytes = CHUNK_COST_BYTES + chunk.input.byteLength + chunk.output.byteLength;
    this.#makeRoom(log.terms.client, bytes);
    log.add(chunk);
    log.bytes += bytes;
    this.#count(log.terms.client, bytes);
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
