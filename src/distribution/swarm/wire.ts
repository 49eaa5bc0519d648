import { BitorchError } from '#base';
import { MAX_MESSAGE_BYTES } from './constants.ts';

/**
 * The peer wire protocol of BEP 3 with the messages of BEP 10: https://www.bittorrent.org/beps/bep_0003.html,
 * https://www.bittorrent.org/beps/bep_0010.html
 */

const PROTOCOL = Buffer.from('\x13BitTorrent protocol', 'latin1');
const HANDSHAKE_BYTES = 68;
const LENGTH_BYTES = 4;
/** Length prefix, id, index and begin of a piece message. */
const BLOCK_HEADER_BYTES = 13;

/** Reserved byte 5, bit 0x10: extension protocol supported. */
const EXTENSION_BYTE = 20 + 5;
const EXTENSION_BIT = 0x10;

export interface Handshake {
  infohash: Uint8Array;
  peerId: Uint8Array;
  /** Whether the sender supports the extension protocol; we always do. */
  extended: boolean;
}

/** Part of a piece; `begin` and `length` in bytes. */
export interface BlockRequest {
  index: number;
  begin: number;
  length: number;
}

export type WireMessage =
  | { type: 'keep-alive' | 'choke' | 'unchoke' | 'interested' | 'not-interested' }
  | { type: 'have'; index: number }
  | { type: 'bitfield'; bits: Uint8Array }
  | ({ type: 'request' | 'cancel' } & BlockRequest)
  | { type: 'piece'; index: number; begin: number; block: Uint8Array }
  | { type: 'extension-handshake'; payload: Uint8Array }
  | { type: 'unknown'; id: number };

const SIGNALS = ['choke', 'unchoke', 'interested', 'not-interested'] as const;
const HAVE = 4;
const BITFIELD = 5;
const REQUEST = 6;
const PIECE = 7;
const CANCEL = 8;
const EXTENDED = 20;

/** All reserved bits are zero except that of the extension protocol. */
export function encodeHandshake({ infohash, peerId }: Omit<Handshake, 'extended'>): Uint8Array {
  const bytes = new Uint8Array(HANDSHAKE_BYTES);
  bytes.set(PROTOCOL);
  bytes[EXTENSION_BYTE] = EXTENSION_BIT;
  bytes.set(infohash, 28);
  bytes.set(peerId, 48);
  return bytes;
}

export function encodeSignal(type: (typeof SIGNALS)[number] | 'keep-alive'): Uint8Array {
  return type === 'keep-alive' ? new Uint8Array(LENGTH_BYTES) : frame(SIGNALS.indexOf(type), 0).bytes;
}

/** Several have messages in one buffer. */
export function encodeHaves(indices: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(indices.length * 9);
  for (const [n, index] of indices.entries()) {
    bytes.writeUInt32BE(5, n * 9);
    bytes[n * 9 + 4] = HAVE;
    bytes.writeUInt32BE(index, n * 9 + 5);
  }
  return bytes;
}

export function encodeBitfield(bits: Uint8Array): Uint8Array {
  const { bytes } = frame(BITFIELD, bits.length);
  bytes.set(bits, 5);
  return bytes;
}

/** The extension handshake: message 0 of the extension protocol, a bencoded dictionary. */
export function encodeExtensionHandshake(payload: Uint8Array): Uint8Array {
  const { bytes } = frame(EXTENDED, 1 + payload.length);
  bytes.set(payload, 6);
  return bytes;
}

/** Several request or cancel messages in one buffer. */
export function encodeRequests(type: 'request' | 'cancel', requests: readonly BlockRequest[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(requests.length * 17);
  let at = 0;
  for (const { index, begin, length } of requests) {
    bytes.writeUInt32BE(13, at);
    bytes[at + 4] = type === 'request' ? REQUEST : CANCEL;
    bytes.writeUInt32BE(index, at + 5);
    bytes.writeUInt32BE(begin, at + 9);
    bytes.writeUInt32BE(length, at + 13);
    at += 17;
  }
  return bytes;
}

/** The header of a piece message; the block's bytes are written separately, without a copy. */
export function encodeBlockHeader({ index, begin, length }: BlockRequest): Uint8Array {
  const bytes = Buffer.allocUnsafe(BLOCK_HEADER_BYTES);
  bytes.writeUInt32BE(9 + length, 0);
  bytes[4] = PIECE;
  bytes.writeUInt32BE(index, 5);
  bytes.writeUInt32BE(begin, 9);
  return bytes;
}

function frame(id: number, payloadBytes: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(LENGTH_BYTES + 1 + payloadBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 1 + payloadBytes);
  bytes[4] = id;
  return { bytes, view };
}

export interface WireHandler {
  onHandshake(handshake: Handshake): void;
  /** Blocks, bitfields and payloads are views, valid only during the call. */
  onMessage(message: WireMessage): void;
}

/**
 * Splits a byte stream into a handshake and messages. A message that lies within one chunk is parsed in place; one that
 * spans chunks is assembled in a buffer. The bytes are untrusted: push() throws WIRE_INVALID at the first violation, after
 * which the parser must not be used.
 */
export class WireParser {
  readonly #handler: WireHandler;
  #maxMessageBytes = MAX_MESSAGE_BYTES;
  #greeted = false;
  #stopped = false;
  #held = Buffer.allocUnsafe(1024);
  #heldBytes = 0;

  constructor(handler: WireHandler) {
    this.#handler = handler;
  }

  /** Allows for the bitfield of a torrent whose bitfield is longer than any other message. */
  allowBitfield(bytes: number): void {
    this.#maxMessageBytes = Math.max(MAX_MESSAGE_BYTES, 1 + bytes);
  }

  /** Stops delivery, including the rest of the current chunk. */
  stop(): void {
    this.#stopped = true;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      if (this.#heldBytes === 0) {
        const size = this.#sizeOf(chunk, at, chunk.length);
        if (at + size <= chunk.length) {
          this.#deliver(chunk, at, at + size);
          at += size;
          continue;
        }
      }
      at += this.#hold(chunk, at);
    }
  }

  /** Buffers what the current message still needs; returns the number of bytes taken. */
  #hold(chunk: Buffer, at: number): number {
    const size =
      this.#heldBytes > 0
        ? this.#sizeOf(this.#held, 0, this.#heldBytes)
        : this.#sizeOf(chunk, at, chunk.length);
    if (size > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 32 * 1024));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    const taken = Math.min(size - this.#heldBytes, chunk.length - at);
    chunk.copy(this.#held, this.#heldBytes, at, at + taken);
    this.#heldBytes += taken;
    if (this.#heldBytes === this.#sizeOf(this.#held, 0, this.#heldBytes)) {
      const end = this.#heldBytes;
      this.#heldBytes = 0;
      this.#deliver(this.#held, 0, end);
    }
    return taken;
  }

  /** Size of the message at `at` in bytes; only that of its length prefix while the prefix is incomplete. */
  #sizeOf(bytes: Buffer, at: number, end: number): number {
    if (!this.#greeted) return HANDSHAKE_BYTES;
    if (end - at < LENGTH_BYTES) return LENGTH_BYTES;
    const length = bytes.readUInt32BE(at);
    if (length > this.#maxMessageBytes) throw invalid(`message of ${length} bytes`);
    return LENGTH_BYTES + length;
  }

  #deliver(bytes: Buffer, at: number, end: number): void {
    if (this.#greeted) this.#handler.onMessage(parseMessage(bytes, at + LENGTH_BYTES, end));
    else this.#greet(bytes, at, end);
  }

  #greet(bytes: Buffer, at: number, end: number): void {
    if (bytes.compare(PROTOCOL, 0, PROTOCOL.length, at, at + PROTOCOL.length) !== 0) {
      throw invalid('not a BitTorrent handshake');
    }
    this.#greeted = true;
    const infohash = new Uint8Array(bytes.subarray(at + 28, at + 48));
    const peerId = new Uint8Array(bytes.subarray(at + 48, end));
    const extended = (bytes[at + EXTENSION_BYTE]! & EXTENSION_BIT) !== 0;
    this.#handler.onHandshake({ infohash, peerId, extended });
  }
}

function parseMessage(bytes: Buffer, at: number, end: number): WireMessage {
  if (at === end) return { type: 'keep-alive' };
  const id = bytes[at]!;
  const payload = end - at - 1;
  const expect = (length: number) => {
    if (payload !== length) throw invalid(`message ${id} with ${payload} bytes`);
  };
  const word = (number: number) => bytes.readUInt32BE(at + 1 + 4 * number);
  switch (id) {
    case HAVE:
      expect(4);
      return { type: 'have', index: word(0) };
    case BITFIELD:
      return { type: 'bitfield', bits: bytes.subarray(at + 1, end) };
    case REQUEST:
    case CANCEL:
      expect(12);
      return { type: id === REQUEST ? 'request' : 'cancel', index: word(0), begin: word(1), length: word(2) };
    case PIECE:
      if (payload <= 8) throw invalid(`block message of ${payload} bytes`);
      return { type: 'piece', index: word(0), begin: word(1), block: bytes.subarray(at + 9, end) };
    case EXTENDED:
      if (payload < 1) throw invalid('extension message without a number');
      if (bytes[at + 1] !== 0) return { type: 'unknown', id };
      return { type: 'extension-handshake', payload: bytes.subarray(at + 2, end) };
    default: {
      const signal = SIGNALS[id];
      if (signal === undefined) return { type: 'unknown', id };
      expect(0);
      return { type: signal };
    }
  }
}

const invalid = (what: string): BitorchError =>
  new BitorchError('WIRE_INVALID', `peer violated the protocol: ${what}`);
