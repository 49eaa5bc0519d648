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

/** States of one chunk: `input` and `output` are (to − from) × width f32, in buffers of their own. */
export interface LoggedChunk {
  /** Ids (hexadecimal) of its receipt and of the previous one, '' at position 0. */
  readonly id: string;
  readonly before: string;
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/** A stage's log of one session: the states of the chunks it signed, including the latest ones that were rolled back. */
export class SessionLog {
  readonly terms: SessionTerms;
  readonly #chunks = new Map<string, LoggedChunk>();
  /** Bytes charged for the log. */
  bytes = LOG_COST_BYTES;
  /** Time when the session ended, ms since epoch; undefined while it is open. */
  endedAt: number | undefined;
  /** Rolled-back chunks, oldest first, and the bytes charged for them. */
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

  /** Marks chunks as rolled back. */
  leave(chunks: readonly LoggedChunk[]): void {
    this.#left.push(...chunks);
    for (const chunk of chunks) this.leftBytes += costOf(chunk);
  }

  /** Drops the oldest rolled-back chunk. Returns the bytes released, 0 when there is none. */
  dropLeft(): number {
    const chunk = this.#left.shift();
    if (!chunk) return 0;
    this.#chunks.delete(chunk.id);
    const bytes = costOf(chunk);
    this.bytes -= bytes;
    this.leftBytes -= bytes;
    return bytes;
  }

  /** The chunks from position 0 up to the one with this receipt id; undefined unless all of them are in the log. */
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
  /** Maximum bytes of the rolled-back chunks of one session. */
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
 * The logs of a stage's sessions, with bounded memory. A log is kept for LOG_KEEP_MS after its session has ended. When room is
 * needed earlier, the oldest ended log of the origin that holds the most is dropped, so that no origin can displace the logs of
 * origins that hold less.
 */
export class SessionLogs {
  readonly #limits: LogLimits;
  readonly #logs = new Map<string, SessionLog>();
  /** Bytes charged by client, and in total. */
  readonly #held = new Map<string, number>();
  #bytes = 0;

  constructor(limits: Partial<LogLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Opens a log. Throws SESSION_KNOWN when one of the same client and session exists, LOG_FULL when there is no room. */
  open(terms: SessionTerms): SessionLog {
    this.#forgetExpired();
    const name = nameOf(terms);
    if (this.#logs.has(name))
      throw new BitorchError('SESSION_KNOWN', 'this session id has been used: draw a new one');
    const log = new SessionLog(terms);
    this.#makeRoom(terms.client, log.bytes);
    while (this.#logs.size >= this.#limits.maxLogs) this.#forgetOldest(this.#ofGreatestOrigin());
    this.#logs.set(name, log);
    this.#count(terms.client, log.bytes);
    return log;
  }

  /** Adds a chunk to an open log. Throws LOG_FULL when there is no room. */
  add(log: SessionLog, chunk: LoggedChunk): void {
    const { client } = log.terms;
    this.#makeRoom(client, costOf(chunk));
    log.add(chunk);
    this.#count(client, costOf(chunk));
  }

  /** Marks chunks as rolled back. They can still be audited until they exceed leftMaxBytes. */
  leave(log: SessionLog, chunks: readonly LoggedChunk[]): void {
    log.leave(chunks);
    while (log.leftBytes > this.#limits.leftMaxBytes) this.#count(log.terms.client, -log.dropLeft());
  }

  /** Ends a log. A log without chunks is dropped, because nothing was signed that could be audited. */
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
    if (!oldest) throw new BitorchError('LOG_FULL', 'the evidence log is full: try again in a few minutes');
    this.#forget(oldest);
  }

  #forget(log: SessionLog): void {
    this.#logs.delete(nameOf(log.terms));
    this.#count(log.terms.client, -log.bytes);
  }

  /** Ended logs of the origin that holds the most bytes. */
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
