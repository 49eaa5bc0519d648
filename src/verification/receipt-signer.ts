import { fromHex, toHex } from '#base';
import type { SigningKey } from '#crypto';
import type { SessionTerms, SessionWitness, Witness } from '#execution';
import { publicKeyOf } from '#network';
import { CHUNK_POSITIONS, STATEMENT_VERSION } from './constants.ts';
import { chunkHash, rowHashes } from './hashes.ts';
import { type LoggedChunk, type LogLimits, type SessionLog, SessionLogs } from './session-log.ts';
import { NO_RECEIPT, receiptId, signReceipt } from './statements.ts';

/** The stage's evidence: signs a receipt for each chunk and logs the chunk's inputs and outputs. */
export class ReceiptSigner implements Witness {
  readonly #key: SigningKey;
  readonly #logs: SessionLogs;

  constructor(dependencies: { key: SigningKey; limits?: Partial<LogLimits> }) {
    this.#key = dependencies.key;
    this.#logs = new SessionLogs(dependencies.limits);
  }

  /** Bytes charged for all logs. */
  get bytes(): number {
    return this.#logs.bytes;
  }

  /** Throws SESSION_KNOWN when a session of this client with this id is logged, LOG_FULL when there is no room. */
  open(terms: SessionTerms): SessionWitness {
    return new ChunkSigner(this.#logs.open(terms), { logs: this.#logs, key: this.#key });
  }

  find(session: Pick<SessionTerms, 'session' | 'client'>): SessionLog | undefined {
    return this.#logs.find(session);
  }
}

/** Consecutive rows; `input` and `output` are rows × width f32. */
interface Rows {
  readonly rows: number;
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/** Signs the receipts of one session. */
class ChunkSigner implements SessionWitness {
  readonly #log: SessionLog;
  readonly #logs: SessionLogs;
  readonly #key: SigningKey;
  readonly #client: Uint8Array;
  /** Signed chunks of the current branch, CHUNK_POSITIONS each. */
  readonly #branch: LoggedChunk[] = [];
  /** Rows after the signed chunks. Fewer than a chunk between calls, so they are not charged. */
  #tail: Rows[] = [];
  #tailRows = 0;
  /** Number of rollbacks so far. */
  #epoch = 0;

  constructor(log: SessionLog, dependencies: { logs: SessionLogs; key: SigningKey }) {
    this.#log = log;
    this.#logs = dependencies.logs;
    this.#key = dependencies.key;
    this.#client = publicKeyOf(log.terms.client);
  }

  record(position: number, rows: number, input: Float32Array, output: Float32Array): Uint8Array[] {
    if (position < this.#branch.length * CHUNK_POSITIONS + this.#tailRows) this.#rollBack(position);
    this.#tail.push({ rows, input, output });
    this.#tailRows += rows;
    const receipts: Uint8Array[] = [];
    while (this.#tailRows >= CHUNK_POSITIONS) receipts.push(this.#sign(CHUNK_POSITIONS));
    return receipts;
  }

  close(): Uint8Array[] {
    if (this.#log.endedAt !== undefined) return [];
    try {
      return this.#tailRows > 0 ? [this.#sign(this.#tailRows)] : [];
    } catch {
      // No room to log the last rows: work that cannot be audited must not be signed.
      return [];
    } finally {
      this.#logs.close(this.#log);
    }
  }

  /** Drops rows from `position` on, which will be recomputed. Chunks that were signed stay in the log for a while. */
  #rollBack(position: number): void {
    this.#epoch++;
    const signed = this.#branch.length * CHUNK_POSITIONS;
    if (position < signed) {
      const left = this.#branch.splice(Math.floor(position / CHUNK_POSITIONS));
      this.#setTail(first([{ rows: CHUNK_POSITIONS, ...left[0]! }], position % CHUNK_POSITIONS));
      this.#logs.leave(this.#log, left);
    } else this.#setTail(first(this.#tail, position - signed));
  }

  #setTail(tail: Rows[]): void {
    this.#tail = tail;
    this.#tailRows = tail.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Signs a receipt for the first `rows` rows of the tail. */
  #sign(rows: number): Uint8Array {
    const { session, manifest, first: firstBlock, end, width, period } = this.#log.terms;
    const taken = first(this.#tail, rows);
    const input = joined(taken, 'input', rows * width);
    const output = joined(taken, 'output', rows * width);
    const before = this.#branch.at(-1)?.id ?? '';
    const from = this.#branch.length * CHUNK_POSITIONS;
    const signed = signReceipt(
      {
        version: STATEMENT_VERSION,
        session,
        manifest,
        client: this.#client,
        first: firstBlock,
        end,
        width,
        period,
        epoch: this.#epoch,
        from,
        to: from + rows,
        before: before === '' ? NO_RECEIPT : fromHex(before),
        input: chunkHash(rowHashes(input, rows)),
        output: chunkHash(rowHashes(output, rows)),
      },
      this.#key,
    );
    const chunk = { id: toHex(receiptId(signed)), before, input, output };
    this.#logs.add(this.#log, chunk);
    this.#branch.push(chunk);
    this.#setTail(after(this.#tail, rows));
    return signed;
  }
}

/** The first `count` rows. */
function first(rows: readonly Rows[], count: number): Rows[] {
  return cut(rows, 0, count);
}

/** All but the first `count` rows. */
function after(rows: readonly Rows[], count: number): Rows[] {
  return cut(rows, count, Number.POSITIVE_INFINITY);
}

/** Rows [from, to). */
function cut(all: readonly Rows[], from: number, to: number): Rows[] {
  const kept: Rows[] = [];
  let at = 0;
  for (const part of all) {
    const [begin, end] = [Math.max(0, from - at), Math.min(part.rows, to - at)];
    at += part.rows;
    if (begin >= end) continue;
    if (begin === 0 && end === part.rows) kept.push(part);
    else {
      const width = part.input.length / part.rows;
      const slice = (states: Float32Array) => states.subarray(begin * width, end * width);
      kept.push({ rows: end - begin, input: slice(part.input), output: slice(part.output) });
    }
  }
  return kept;
}

/** Concatenates one side of the rows into a new array of `length` f32. */
function joined(parts: readonly Rows[], side: 'input' | 'output', length: number): Float32Array {
  const states = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    states.set(part[side], at);
    at += part[side].length;
  }
  return states;
}
