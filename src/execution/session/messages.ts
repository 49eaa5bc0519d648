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
import { publicKeyOf } from '#network';
import { MAX_ROWS, SESSION_ID_BYTES } from './constants.ts';

/** First byte of every frame on a session stream. */
export const KIND = { hidden: 1, open: 2, ready: 3, receipt: 4, error: 5, close: 6 } as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

const HIDDEN_HEADER_BYTES = 32;
const CONTROL_BYTES = 64 << 10;

const peerId = z.string().max(128);
const PUBLIC_KEY_BYTES = 32;

const openSchema = z.strictObject({
  session: zBytes(SESSION_ID_BYTES),
  /** Id of the signed manifest whose blocks are to run. */
  manifest: zBytes(32),
  /** Blocks [first, end) that this stage runs. */
  first: zCount,
  end: zCount,
  /** Period in which the session was opened; its receipts carry it. */
  period: zCount,
  /** Peer id of the stage before; null: the client itself. */
  previous: peerId.nullable(),
  /** Peer id of the stage after; null: hidden states go back to the client. */
  next: peerId.nullable(),
});

/** What a client asks of one stage. */
export interface Open {
  session: Uint8Array;
  manifest: Uint8Array;
  first: number;
  end: number;
  period: number;
  previous: string | null;
  next: string | null;
}

const readySchema = z.strictObject({ context: zCount });
const errorSchema = z.strictObject({ code: z.string().max(64), message: z.string().max(1024) });

/** Hidden states of consecutive positions of one session, row-major f32 [rows, hidden]. */
export interface Hidden {
  /** Position of the first row. */
  position: number;
  rows: number;
  states: Float32Array;
}

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
export const encodeClose = (): Uint8Array => Uint8Array.of(KIND.close);

export function decodeOpen(frame: Uint8Array): Open {
  expectKind(frame, KIND.open);
  const open = check(openSchema, decodeCanonical(bodyOf(frame), CONTROL_BYTES), 'open') as Open;
  if (open.first >= open.end)
    throw new BitorchError('SCHEMA_INVALID', `open: no blocks in [${open.first}, ${open.end})`);
  return open;
}

/** First frame on a hidden stream: whose session it is for. `client` is a peer id. */
export const encodeJoin = ({ session, client }: Join): [Uint8Array, Uint8Array] => [
  session,
  publicKeyOf(client),
];

/** Session ids are their client's: two clients may have drawn, or copied, the same one. */
export interface Join {
  session: Uint8Array;
  client: string;
}

/** The name of a session among all clients' (hexadecimal). Throws FRAME_INVALID. */
export function decodeJoin(frame: Uint8Array | undefined): string {
  if (frame?.length !== SESSION_ID_BYTES + PUBLIC_KEY_BYTES)
    throw invalid('a hidden stream starts with a session id and the key of its client');
  return toHex(frame);
}

export const nameOfJoin = (join: Join): string => encodeJoin(join).map(toHex).join('');

export const decodeReady = (frame: Uint8Array): { context: number } =>
  check(readySchema, decodeCanonical(bodyOf(frame), CONTROL_BYTES), 'ready');

export const decodeError = (frame: Uint8Array): { code: string; message: string } =>
  check(errorSchema, decodeCanonical(bodyOf(frame), CONTROL_BYTES), 'error');

/** Hidden frames of one session: what all of them begin with is written once. */
export class HiddenFrames {
  readonly #header = new Uint8Array(HIDDEN_HEADER_BYTES);
  readonly #width: number;

  constructor({ session, period, width }: { session: Uint8Array; period: number; width: number }) {
    this.#width = width;
    this.#header[0] = KIND.hidden;
    writeU32(this.#header, 4, period);
    this.#header.set(session, 16);
  }

  /** The two parts of a frame: the header, which the next one overwrites, and the rows without a copy. */
  encode({ position, rows, states }: Hidden): [Uint8Array, Uint8Array] {
    const header = this.#header;
    writeU32(header, 8, position);
    writeU32(header, 12, rows);
    return [header, bytesOf(states)];
  }

  /** Strict: of this session and period, rows as wide as they should be, NaN and infinities are refused. */
  decode(frame: Uint8Array): Hidden {
    expectKind(frame, KIND.hidden);
    if (frame.length < HIDDEN_HEADER_BYTES) throw invalid('hidden frame is shorter than its header');
    const rows = readU32(frame, 12);
    if (frame[1] !== 0 || frame[2] !== 0 || frame[3] !== 0)
      throw invalid('hidden frame has flags this version does not know');
    if (rows < 1 || rows > MAX_ROWS)
      throw invalid(`hidden frame of ${rows} rows, 1 to ${MAX_ROWS} are taken`);
    if (frame.length !== HIDDEN_HEADER_BYTES + rows * this.#width * 4) {
      throw invalid(`hidden frame of ${frame.length} bytes does not hold ${rows} rows of ${this.#width}`);
    }
    if (!this.#isOurs(frame)) throw invalid('frame of another session or period');
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

/** 0 times anything that is infinite or not a number is not a number. */
function allFinite(states: Float32Array): boolean {
  let zero = 0;
  for (let i = 0; i < states.length; i++) zero += 0 * states[i]!;
  return zero === 0;
}

/** A view of the bytes as floats, copied only when they are not aligned. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function expectKind(frame: Uint8Array, kind: Kind): void {
  if (kindOf(frame) !== kind) throw invalid(`frame of kind ${kindOf(frame)} where kind ${kind} was due`);
}

const invalid = (message: string) => new BitorchError('FRAME_INVALID', message);
