import { Writable } from 'node:stream';
import type { FrameStream } from '#network';
import type { OnRead, WireSocket } from './sockets.ts';

/** Longest frame of a tunnel: the wire protocol is a stream of bytes, cut anywhere. */
export const TUNNEL_FRAME_BYTES = 64 * 1024;

/** A stream of the host as a socket of the wire protocol. Emits `connect` in the next microtask. */
export class StreamSocket extends Writable implements WireSocket {
  readonly #stream: FrameStream;
  #idle: NodeJS.Timeout | undefined;

  constructor(stream: FrameStream, onRead: OnRead) {
    super();
    this.#stream = stream;
    // Later: whoever made the socket is to have its connection first.
    queueMicrotask(() => {
      this.emit('connect');
      void stream
        .each((frame) => this.#receive(frame, onRead))
        .then(
          () => this.destroy(),
          (error: Error) => this.destroy(error),
        );
    });
  }

  setNoDelay(): void {
    // Frames leave at once.
  }

  setTimeout(ms: number, callback: () => void): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(callback, ms).unref();
  }

  destroySoon(): void {
    if (this.writableFinished) this.destroy();
    else this.end().once('finish', () => this.destroy());
  }

  override _write(bytes: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#send([bytes]).then(() => done(), done);
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this.#send(chunks.map(({ chunk }) => chunk)).then(() => done(), done);
  }

  override _final(done: () => void): void {
    this.#stream.close().then(done, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idle);
    this.#stream.abort(error ?? undefined);
    done(error);
  }

  #receive(frame: Uint8Array, onRead: OnRead): undefined {
    this.#idle?.refresh();
    if (!this.destroyed) onRead(Buffer.from(frame.buffer, frame.byteOffset, frame.length));
  }

  /** Sends bytes in as few frames as possible. */
  async #send(parts: readonly Uint8Array[]): Promise<void> {
    let frame: Uint8Array[] = [];
    let room = TUNNEL_FRAME_BYTES;
    for (const part of parts) {
      for (let at = 0; at < part.length; ) {
        const bytes = part.subarray(at, at + room);
        frame.push(bytes);
        at += bytes.length;
        room -= bytes.length;
        if (room > 0) continue;
        await this.#stream.send(...frame);
        frame = [];
        room = TUNNEL_FRAME_BYTES;
      }
    }
    if (frame.length > 0) await this.#stream.send(...frame);
  }
}
