import { toHex } from '#base';
import type { SigningKey } from '#crypto';
import type { SessionTerms, SessionWitness, Witness } from '#execution';
import { CHUNK_POSITIONS, LOG_KEEP_MS, LOG_MAX_BYTES } from './constants.ts';
import { chunkStart, Positions, RowHashes } from './positions.ts';
import { signReceipt } from './statements.ts';

/** What a stage keeps of a session so that it can be audited: its inputs, since position 0. */
export interface LoggedSession {
  readonly terms: SessionTerms;
  readonly inputs: Positions<Float32Array>;
  endedAt: number | undefined;
}

/** The stage's side of the evidence: signs a receipt per chunk and logs the inputs. */
export class StageWitness implements Witness {
  readonly #key: SigningKey;
  readonly #sessions = new Map<string, LoggedSession>();

  constructor(dependencies: { key: SigningKey }) {
    this.#key = dependencies.key;
  }

  open(terms: SessionTerms): SessionWitness {
    this.#forgetOld();
    const logged: LoggedSession = { terms, inputs: new Positions(), endedAt: undefined };
    this.#sessions.set(toHex(terms.session), logged);
    return new ChunkSigner(logged, this.#key);
  }

  find(session: Uint8Array): LoggedSession | undefined {
    return this.#sessions.get(toHex(session));
  }

  #forgetOld(): void {
    const now = Date.now();
    let bytes = 0;
    for (const [id, { inputs, endedAt }] of [...this.#sessions].reverse()) {
      const [row] = inputs.slice(0, 1);
      bytes += inputs.length * (row?.byteLength ?? 0);
      if (endedAt !== undefined && (now - endedAt > LOG_KEEP_MS || bytes > LOG_MAX_BYTES))
        this.#sessions.delete(id);
    }
  }
}

class ChunkSigner implements SessionWitness {
  readonly #logged: LoggedSession;
  readonly #key: SigningKey;
  readonly #inputs = new RowHashes();
  readonly #outputs = new RowHashes();
  /** Positions that signed receipts cover. */
  #signed = 0;

  constructor(logged: LoggedSession, key: SigningKey) {
    this.#logged = logged;
    this.#key = key;
  }

  record(position: number, rows: number, input: Float32Array, output: Float32Array): Uint8Array[] {
    this.#logged.inputs.write(position, rowsOf(input, rows));
    this.#inputs.write(position, rows, input);
    this.#outputs.write(position, rows, output);
    this.#signed = Math.min(this.#signed, chunkStart(position));
    const receipts: Uint8Array[] = [];
    while (this.#outputs.length - this.#signed >= CHUNK_POSITIONS) {
      receipts.push(this.#sign(this.#signed + CHUNK_POSITIONS));
    }
    return receipts;
  }

  close(): Uint8Array[] {
    this.#logged.endedAt = Date.now();
    const to = this.#outputs.length;
    return to > this.#signed ? [this.#sign(to)] : [];
  }

  /** Signs for the positions since the last receipt. */
  #sign(to: number): Uint8Array {
    const { session, manifest, first, end, period } = this.#logged.terms;
    const from = this.#signed;
    const input = this.#inputs.of(from, to)!;
    const output = this.#outputs.of(from, to)!;
    this.#signed = to;
    return signReceipt({ session, manifest, first, end, period, from, to, input, output }, this.#key);
  }
}

function rowsOf(states: Float32Array, rows: number): Float32Array[] {
  if (rows === 1) return [states];
  const width = states.length / rows;
  return Array.from({ length: rows }, (_, i) => states.subarray(i * width, (i + 1) * width));
}
