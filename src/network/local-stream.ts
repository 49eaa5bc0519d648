import { BitorchError, concat } from '#base';
import { type Carrier, type Receiver, streamClosed } from './carrier.ts';
import { FrameStream } from './frame-stream.ts';

/**
 * Both ends of a stream within one process, for instance from a node to itself, which libp2p does not dial. The first end's
 * remote is `far` and it accepts frames of `maxFrameBytes`; the second's is `near`, with `maxThere`.
 */
export function localStream(
  far: string,
  maxFrameBytes: number,
  near = far,
  maxThere = maxFrameBytes,
): [FrameStream, FrameStream] {
  const [there, back] = [new Direction(maxThere), new Direction(maxFrameBytes)];
  return [endOf(far, there, back), endOf(near, back, there)];
}

function endOf(id: string, outbound: Direction, inbound: Direction): FrameStream {
  return new FrameStream(id, (receiver) => {
    inbound.receiver = receiver;
    return new LocalCarrier(outbound, inbound);
  });
}

/** One direction of the stream, with back-pressure from its reader. */
class Direction {
  receiver: Receiver | undefined;
  readonly #maxFrameBytes: number;
  #ended = false;
  #paused: PromiseWithResolvers<void> | undefined;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  send(frame: Uint8Array): boolean {
    if (this.#ended) throw streamClosed('send');
    if (frame.length === 0) throw new RangeError('a frame has at least one byte');
    if (frame.length <= this.#maxFrameBytes) this.receiver!.frame(frame);
    else this.end(new BitorchError('FRAME_TOO_LONG', `at most ${this.#maxFrameBytes} bytes are accepted`));
    return this.#paused === undefined;
  }

  end(error?: Error): void {
    this.#ended = true;
    this.receiver!.end(error);
    this.resume();
  }

  pause(): void {
    this.#paused ??= Promise.withResolvers();
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  drained(): Promise<void> {
    return this.#paused?.promise ?? Promise.resolve();
  }
}

class LocalCarrier implements Carrier {
  readonly #outbound: Direction;
  readonly #inbound: Direction;

  constructor(outbound: Direction, inbound: Direction) {
    this.#outbound = outbound;
    this.#inbound = inbound;
  }

  send(parts: readonly Uint8Array[]): boolean {
    return this.#outbound.send(concat(parts));
  }

  drained(): Promise<void> {
    return this.#outbound.drained();
  }

  pause(): void {
    this.#inbound.pause();
  }

  resume(): void {
    this.#inbound.resume();
  }

  async close(): Promise<void> {
    this.#outbound.end();
  }

  abort(): void {
    this.#outbound.end(streamClosed('read'));
    this.#inbound.end(streamClosed('read'));
  }
}
