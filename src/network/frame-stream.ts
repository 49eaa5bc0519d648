import type { Stream } from '@libp2p/interface';
import { BitorchError } from '#base';
import { FrameAssembler, PREFIX_BYTES } from './frames.ts';

/** A reader that is this far behind makes the other side wait. */
const HIGH_WATER_BYTES = 8 << 20;

/**
 * Whole frames over a libp2p stream: a little-endian u32 length, then the bytes (docs/protocol/network.md).
 * Frames are pulled with `read`; what is unread beyond a bound pauses the sender.
 */
export class FrameStream {
  /** Peer id of the other side, authenticated by the connection's noise handshake. */
  readonly remote: string;
  readonly #stream: Stream;
  readonly #assembler: FrameAssembler;
  readonly #frames: Uint8Array[] = [];
  #buffered = 0;
  readonly #ended = new AbortController();
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: Stream, remote: string, maxFrameBytes: number) {
    this.#stream = stream;
    this.remote = remote;
    this.#assembler = new FrameAssembler(maxFrameBytes);
    stream.maxReadBufferLength = 2 * HIGH_WATER_BYTES;
    stream.maxWriteBufferLength = 64 << 20;
    stream.addEventListener('message', ({ data }) => this.#receive(data.subarray()));
    stream.addEventListener('remoteCloseWrite', () => this.#end());
    stream.addEventListener('close', (event) => this.#end(event.error));
  }

  /** Aborts when nothing more will come from the other side. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The next frame; undefined after an orderly end; throws STREAM_CLOSED when the connection broke. */
  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    while (this.#frames.length === 0) {
      if (this.#error) throw this.#error;
      if (this.ended.aborted) return undefined;
      await this.#waitForFrame(signal);
    }
    const frame = this.#frames.shift()!;
    const before = this.#buffered;
    this.#buffered -= frame.length;
    if (before > HIGH_WATER_BYTES && this.#buffered <= HIGH_WATER_BYTES) this.#stream.resume();
    return frame;
  }

  /** Sends one frame made of `parts`; resolves when the stream can take more. */
  async send(...parts: Uint8Array[]): Promise<void> {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const frame = new Uint8Array(PREFIX_BYTES + length);
    new DataView(frame.buffer).setUint32(0, length, true);
    let at = PREFIX_BYTES;
    for (const part of parts) {
      frame.set(part, at);
      at += part.length;
    }
    try {
      if (!this.#stream.send(frame)) await this.#stream.onDrain();
    } catch (error) {
      throw this.#error ?? closed('send', error);
    }
  }

  /** Ends our side after what was sent; the other side may go on sending. */
  async close(): Promise<void> {
    await this.#stream.close().catch(() => this.abort());
  }

  /** Drops the stream at once, in both directions. */
  abort(reason: Error = new Error('aborted')): void {
    this.#end(reason);
    this.#stream.abort(reason);
  }

  #receive(data: Uint8Array): void {
    this.#assembler.add(data);
    try {
      for (let frame = this.#assembler.next(); frame; frame = this.#assembler.next()) {
        this.#frames.push(frame);
        this.#buffered += frame.length;
      }
    } catch (error) {
      this.abort(error as BitorchError);
      return;
    }
    if (this.#buffered > HIGH_WATER_BYTES) this.#stream.pause();
    this.#wake?.();
  }

  #end(error?: Error): void {
    if (this.ended.aborted) return;
    if (error || !this.#assembler.empty) this.#error = closed('read', error);
    this.#ended.abort(this.#error ?? new BitorchError('STREAM_CLOSED', 'the other side ended the stream'));
    this.#wake?.();
  }

  #waitForFrame(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#wake = undefined;
        reject(signal!.reason);
      };
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      this.#wake = () => {
        this.#wake = undefined;
        signal?.removeEventListener('abort', stop);
        resolve();
      };
    });
  }
}

function closed(what: string, cause: unknown): BitorchError {
  return cause instanceof BitorchError
    ? cause
    : new BitorchError('STREAM_CLOSED', `${what}: the other side closed the connection`, {}, cause);
}
