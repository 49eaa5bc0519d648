import type { Stream } from '@libp2p/interface';
import { type Carrier, type Receiver, streamClosed } from './carrier.ts';
import { FrameStream } from './frame-stream.ts';
import { FrameAssembler, writeFrame } from './frames.ts';
import type { MemoryCharge } from './memory-charge.ts';

const MAX_READ_BYTES = 16 << 20;
const MAX_WRITE_BYTES = 64 << 20;

/** Frames over a libp2p stream, encrypted and authenticated by the connection's Noise session. */
export class MuxCarrier implements Carrier {
  readonly #stream: Stream;
  readonly #assembler: FrameAssembler;
  readonly #receiver: Receiver;
  readonly #memory: MemoryCharge;
  /** Bytes held by the assembler that are included in the memory. */
  #counted = 0;
  #paused = false;
  /** The remote end closed in order; reported to the receiver after the last frame. */
  #ended = false;

  constructor(stream: Stream, maxFrameBytes: number, receiver: Receiver, memory: MemoryCharge) {
    this.#stream = stream;
    this.#assembler = new FrameAssembler(maxFrameBytes);
    this.#receiver = receiver;
    this.#memory = memory;
    stream.maxReadBufferLength = MAX_READ_BYTES;
    stream.maxWriteBufferLength = MAX_WRITE_BYTES;
    stream.addEventListener('message', ({ data }) => this.#take(data.subarray()));
    stream.addEventListener('remoteCloseWrite', () => this.#end());
    stream.addEventListener('close', (event) => this.#end(event.error));
  }

  send(parts: readonly Uint8Array[]): boolean {
    return this.#stream.send(writeFrame(parts));
  }

  async drained(): Promise<void> {
    await this.#stream.onDrain();
  }

  pause(): void {
    this.#paused = true;
    if (this.#stream.readStatus === 'readable') this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#guard(() => this.#cut());
    if (!this.#paused && this.#stream.readStatus === 'paused') this.#stream.resume();
    if (this.#ended) this.#end();
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  abort(reason: Error): void {
    this.#stream.abort(reason);
  }

  #take(data: Uint8Array): void {
    this.#guard(() => {
      this.#assembler.add(data);
      this.#cut();
    });
  }

  /** Delivers frames until the receiver pauses: a few bytes can contain thousands of frames. */
  #cut(): void {
    while (!this.#paused) {
      const frame = this.#assembler.next();
      if (!frame) break;
      this.#receiver.frame(frame);
    }
    const { held } = this.#assembler;
    if (held !== this.#counted) this.#memory.add(held - this.#counted);
    this.#counted = held;
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#receiver.end(error as Error);
      this.abort(error as Error);
    }
  }

  #end(error?: Error): void {
    this.#ended = true;
    if (error) this.#receiver.end(error);
    else if (!this.#paused) this.#receiver.end(this.#assembler.empty ? undefined : streamClosed('read'));
  }
}

/** The frames of a libp2p stream with the peer `remote`. */
export const framesOver = (
  stream: Stream,
  remote: string,
  maxFrameBytes: number,
  memory: MemoryCharge,
): FrameStream =>
  new FrameStream(remote, (receiver) => new MuxCarrier(stream, maxFrameBytes, receiver, memory), memory);
