import type { Stream } from '@libp2p/interface';
import { type Carrier, type Receiver, streamClosed } from './carrier.ts';
import { FrameAssembler, writeFrame } from './frames.ts';

const MAX_READ_BYTES = 16 << 20;
const MAX_WRITE_BYTES = 64 << 20;

/** Frames over a libp2p stream, encrypted and authenticated by the connection's noise. */
export class MuxCarrier implements Carrier {
  readonly #stream: Stream;
  readonly #assembler: FrameAssembler;
  readonly #receiver: Receiver;

  constructor(stream: Stream, maxFrameBytes: number, receiver: Receiver) {
    this.#stream = stream;
    this.#assembler = new FrameAssembler(maxFrameBytes);
    this.#receiver = receiver;
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
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  abort(reason: Error): void {
    this.#stream.abort(reason);
  }

  #take(data: Uint8Array): void {
    try {
      this.#assembler.add(data);
      for (let frame = this.#assembler.next(); frame; frame = this.#assembler.next())
        this.#receiver.frame(frame);
    } catch (error) {
      this.#receiver.end(error as Error);
      this.abort(error as Error);
    }
  }

  #end(error?: Error): void {
    this.#receiver.end(error ?? (this.#assembler.empty ? undefined : streamClosed('read')));
  }
}
