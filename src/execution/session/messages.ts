import {
  BitorchError,
  bytesOf,
  check,
  decodeCanonical,
  encodeCanonical,
  readU32,
  toHex,
  writeU32,
  z,
  zBytes,
  zCount,
} from '#base';
import { publicKeyOf, type QueuePosition } from '#network';
import { MAX_ROWS, SESSION_ID_BYTES } from './constants.ts';

/** First byte of every frame on a session stream. */
export const KIND = {
  hidden: 1,
  open: 2,
  ready: 3,
  receipt: 4,
  error: 5,
  close: 6,
  queued: 7,
  reserved: 8,
  confirm: 9,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

const HIDDEN_HEADER_BYTES = 32;
const CONTROL_BYTES = 64 << 10;

const peerId = z.string().max(128);
const PUBLIC_KEY_BYTES = 32;

const openSchema = z.strictObject({
  session: zBytes(SESSION_ID_BYTES),
  /** Id of the signed manifest of the model. */
  manifest: zBytes(32),
  /** Blocks [first, end) that this stage runs. */
  first: zCount,
  end: zCount,
  /** Period in which the session was opened; recorded in its receipts. */
  period: zCount,
  /** Peer id of the previous stage; null for the first stage, which the client feeds. */
  previous: peerId.nullable(),
  /** Peer id of the next stage; null for the last stage, which returns hidden states to the client. */
  next: peerId.nullable(),
  /** Whether the client waits for a slot: it then confirms the one that the stage reserves. */
  wait: z.boolean(),
});

/** A client's request to open a session on one stage. */
export interface Open {
  session: Uint8Array;
  manifest: Uint8Array;
  first: number;
  end: number;
  period: number;
  previous: string | null;
  next: string | null;
  wait: boolean;
}

const readySchema = z.strictObject({ context: zCount });
const queuedSchema = z.strictObject({ position: zCount, estimateMs: zCount.nullable() });
const errorSchema = z.strictObject({ code: z.string().max(64), message: z.string().max(1024) });

/** Hidden states of consecutive positions of one session: rows × hidden f32, row-major, little-endian. */
export interface Hidden {
  /** Position of the first row. */
  position: number;
  rows: number;
  states: Float32Array;
}

/** Kind of a frame; 0, which is no kind, for an empty frame. */
export const kindOf = (frame: Uint8Array): number => frame[0] ?? 0;
export const bodyOf = (frame: Uint8Array): Uint8Array => frame.subarray(1);

const control = (kind: Kind, value: unknown): Uint8Array => {
  const body = encodeCanonical(value);
  const frame = new Uint8Array(1 + body.length);
  frame[0] = kind;
  frame.set(body, 1);
  return frame;
};

export const encodeOpen = (open: Open): Uint8Array => control(KIND.open, open);
export const encodeReady = (context: number): Uint8Array => control(KIND.ready, { context });
export const encodeError = (error: { code: string; message: string }): Uint8Array =>
  control(KIND.error, { code: error.code.slice(0, 64), message: error.message.slice(0, 1024) });
export const encodeQueued = (queued: QueuePosition): Uint8Array => control(KIND.queued, queued);
export const encodeReserved = (): Uint8Array => Uint8Array.of(KIND.reserved);
export const encodeConfirm = (): Uint8Array => Uint8Array.of(KIND.confirm);
export const encodeClose = (): Uint8Array => Uint8Array.of(KIND.close);

/** Throws FRAME_INVALID, CODEC_INVALID or SCHEMA_INVALID when the frame is not a valid open. */
export function decodeOpen(frame: Uint8Array): Open {
  expectKind(frame, KIND.open);
  const open = check(openSchema, decodeCanonical(bodyOf(frame), CONTROL_BYTES), 'open') as Open;
  if (open.first >= open.end)
    throw new BitorchError('SCHEMA_INVALID', `open: no blocks in [${open.first}, ${open.end})`);
  return open;
}

/** First frame on a hidden stream: session id and the client's public key. */
export const encodeJoin = ({ session, client }: Join): [Uint8Array, Uint8Array] => [
  session,
  publicKeyOf(client),
];

/**
 * Identifies a session on a hidden stream. Session ids are unique only per client, because another client may draw or copy the
 * same id.
 */
export interface Join {
  session: Uint8Array;
  /** Peer id. */
  client: string;
}

/** Key of a session among those of all clients (hexadecimal). Throws FRAME_INVALID when the frame has the wrong length. */
export function decodeJoin(frame: Uint8Array | undefined): string {
  if (frame?.length !== SESSION_ID_BYTES + PUBLIC_KEY_BYTES)
    throw invalid('a hidden stream starts with a session id and the key of its client');
  return toHex(frame);
}

/** The same key, from a decoded join. */
export const nameOfJoin = (join: Join): string => encodeJoin(join).map(toHex).join('');

export const decodeQueued = (frame: Uint8Array): QueuePosition =>
  check(queuedSchema, decodeCanonical(bodyOf(frame), CONTROL_BYTES), 'queued');

export const decodeReady = (frame: Uint8Array): { context: number } =>
  check(readySchema, decodeCanonical(bodyOf(frame), CONTROL_BYTES), 'ready');

export const decodeError = (frame: Uint8Array): { code: string; message: string } =>
  check(errorSchema, decodeCanonical(bodyOf(frame), CONTROL_BYTES), 'error');

/** Encodes and decodes the hidden frames of one session. The constant part of their header is written once. */
export class HiddenFrames {
  readonly #header = new Uint8Array(HIDDEN_HEADER_BYTES);
  readonly #width: number;

  constructor({ session, period, width }: { session: Uint8Array; period: number; width: number }) {
    this.#width = width;
    this.#header[0] = KIND.hidden;
    writeU32(this.#header, 4, period);
    this.#header.set(session, 16);
  }

  /** The two parts of a frame: the header, in a buffer that the next call overwrites, and the rows, not copied. */
  encode({ position, rows, states }: Hidden): [Uint8Array, Uint8Array] {
    const header = this.#header;
    writeU32(header, 8, position);
    writeU32(header, 12, rows);
    return [header, bytesOf(states)];
  }

  /**
   * Decodes a frame. Throws FRAME_INVALID when it belongs to another session or period, has unknown flags or the wrong length,
   * or contains NaN or infinity.
   */
  decode(frame: Uint8Array): Hidden {
    expectKind(frame, KIND.hidden);
    if (frame.length < HIDDEN_HEADER_BYTES) throw invalid('hidden frame is shorter than its header');
    const rows = readU32(frame, 12);
    if (frame[1] !== 0 || frame[2] !== 0 || frame[3] !== 0) throw invalid('hidden frame has unknown flags');
    if (rows < 1 || rows > MAX_ROWS)
      throw invalid(`hidden frame has ${rows} rows, allowed are 1 to ${MAX_ROWS}`);
    if (frame.length !== HIDDEN_HEADER_BYTES + rows * this.#width * 4) {
      throw invalid(`hidden frame of ${frame.length} bytes does not contain ${rows} rows of ${this.#width}`);
    }
    if (!this.#isOurs(frame)) throw invalid('hidden frame belongs to another session or period');
    const states = floatsOf(frame.subarray(HIDDEN_HEADER_BYTES));
    if (!allFinite(states)) throw invalid('hidden states contain NaN or infinity');
    return { position: readU32(frame, 8), rows, states };
  }

  #isOurs(frame: Uint8Array): boolean {
    const header = this.#header;
    for (let i = 4; i < 8; i++) if (frame[i] !== header[i]) return false;
    for (let i = 16; i < HIDDEN_HEADER_BYTES; i++) if (frame[i] !== header[i]) return false;
    return true;
  }
}

/** Whether all values are finite: 0 · x is NaN exactly when x is infinite or NaN. */
function allFinite(states: Float32Array): boolean {
  let zero = 0;
  for (let i = 0; i < states.length; i++) zero += 0 * states[i]!;
  return zero === 0;
}

/** A view of the bytes as f32, copied only when they are not aligned to 4 bytes. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function expectKind(frame: Uint8Array, kind: Kind): void {
  if (kindOf(frame) !== kind) throw invalid(`frame has kind ${kindOf(frame)}, expected kind ${kind}`);
}

const invalid = (message: string) => new BitorchError('FRAME_INVALID', message);
