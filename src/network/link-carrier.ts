import type { Socket } from 'node:net';
import { AEAD_TAG_BYTES } from '#crypto';
import { type Carrier, type Receiver, streamClosed } from './carrier.ts';
import { FrameAssembler } from './frames.ts';
import type { MemoryCharge } from './memory-charge.ts';
import type { Opener, Sealer } from './seal.ts';

/** Encrypted frames over a dedicated TCP connection, one write per frame. An empty frame marks the end. */
export class LinkCarrier implements Carrier {
  readonly #socket: Socket;
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  readonly #assembler: FrameAssembler;
  readonly #receiver: Receiver;
  readonly #memory: MemoryCharge;
  /** Bytes of the unfinished frame that are included in the memory. */
  #counted = 0;
  #error: Error | undefined;

  constructor(
    socket: Socket,
    options: { sealer: Sealer; opener: Opener; maxFrameBytes: number; memory: MemoryCharge },
    receiver: Receiver,
  ) {
    this.#socket = socket;
    this.#memory = options.memory;
    this.#sealer = options.sealer;
    this.#opener = options.opener;
    this.#assembler = new FrameAssembler(options.maxFrameBytes + AEAD_TAG_BYTES);
    this.#receiver = receiver;
    socket.on('data', (data) => this.#take(data));
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('end', () => receiver.end(streamClosed('read')));
    socket.on('close', () => receiver.end(this.#error ?? streamClosed('read')));
  }

  send(parts: readonly Uint8Array[]): boolean {
    if (parts.every((part) => part.length === 0)) throw new RangeError('a frame has at least one byte');
    if (!this.#socket.writable) throw streamClosed('send', this.#error);
    const more = this.#socket.write(this.#sealer.seal(parts));
    if (this.#socket.writableLength > 0) this.#sealer.keep();
    return more;
  }

  drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      if (!socket.writableNeedDrain) return resolve();
      const onDrain = () => {
        socket.off('close', onClose);
        resolve();
      };
      const onClose = () => {
        socket.off('drain', onDrain);
        reject(streamClosed('send', this.#error));
      };
      socket.once('drain', onDrain).once('close', onClose);
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      const socket = this.#socket;
      if (!socket.writable) return resolve();
      socket.end(this.#sealer.seal([]), resolve);
    });
  }

  abort(): void {
    this.#socket.destroy();
  }

  #take(data: Uint8Array): void {
    try {
      this.#assembler.add(data);
      for (let sealed = this.#assembler.next(); sealed; sealed = this.#assembler.next()) {
        const frame = this.#opener.open(sealed);
        if (frame.length === 0) this.#receiver.end();
        else this.#receiver.frame(frame);
      }
      const { held } = this.#assembler;
      if (held !== this.#counted) this.#memory.add(held - this.#counted);
      this.#counted = held;
    } catch (error) {
      this.#receiver.end(error as Error);
      this.abort();
    }
  }
}
