import { BitorchError } from '#base';
import type { FrameStream } from '#network';
import { MAX_PARKED, MAX_PARKED_PER_PEER, SETUP_TIMEOUT_MS } from './constants.ts';

/** A stream that no client has requested yet. */
interface Parked {
  readonly stream: FrameStream;
  readonly timer: NodeJS.Timeout;
}

/**
 * Matches a client's open with the stream from the next stage; either may arrive first. A match requires the same client,
 * session and peer, so that no other peer can take the place of the stage that the client named. Streams that are not
 * requested in time or exceed the limits are aborted.
 */
export class Rendezvous {
  readonly #waiting = new Map<string, PromiseWithResolvers<FrameStream>>();
  /** Oldest first. */
  readonly #parked = new Map<string, Parked>();

  /**
   * Waits for the stream from `peer` for `session` (see nameOfJoin()). Throws NEXT_MISSING when none arrives within
   * SETUP_TIMEOUT_MS, SESSION_KNOWN when another call waits for the same stream, or the reason of `signal`.
   */
  async wait(session: string, peer: string, signal: AbortSignal): Promise<FrameStream> {
    signal.throwIfAborted();
    const name = `${session} ${peer}`;
    const parked = this.#unpark(name);
    if (parked) return parked;
    if (this.#waiting.has(name))
      throw new BitorchError('SESSION_KNOWN', 'this session is already being opened');
    const meeting = Promise.withResolvers<FrameStream>();
    this.#waiting.set(name, meeting);
    const stop = () => meeting.reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const missing = new BitorchError('NEXT_MISSING', `the next stage (${peer}) did not connect`);
    const timer = setTimeout(() => meeting.reject(missing), SETUP_TIMEOUT_MS);
    try {
      return await meeting.promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      this.#waiting.delete(name);
    }
  }

  /** Hands in a stream that the next stage opened for `session`. That stage must only read: a frame from it ends the stream. */
  bring(session: string, stream: FrameStream): void {
    const unexpected = new BitorchError('FRAME_INVALID', 'the next stage must not send on a hidden stream');
    stream.each(() => void stream.abort(unexpected)).catch(() => undefined);
    const name = `${session} ${stream.remote}`;
    const meeting = this.#waiting.get(name);
    this.#waiting.delete(name);
    if (meeting) meeting.resolve(stream);
    else this.#park(name, stream);
  }

  stop(): void {
    for (const name of [...this.#parked.keys()]) this.#drop(name);
  }

  #park(name: string, stream: FrameStream): void {
    this.#drop(name);
    this.#makeRoom(stream.remote);
    const timer = setTimeout(() => this.#drop(name), SETUP_TIMEOUT_MS).unref();
    this.#parked.set(name, { stream, timer });
    stream.ended.addEventListener(
      'abort',
      () => this.#parked.get(name)?.stream === stream && this.#drop(name),
    );
  }

  #makeRoom(peer: string): void {
    const own = [...this.#parked].filter(([, { stream }]) => stream.remote === peer);
    if (own.length >= MAX_PARKED_PER_PEER) this.#drop(own[0]![0]);
    else if (this.#parked.size >= MAX_PARKED) this.#drop(this.#parked.keys().next().value!);
  }

  #drop(name: string): void {
    this.#unpark(name)?.abort(new BitorchError('SESSION_UNKNOWN', 'no client requested this stream'));
  }

  #unpark(name: string): FrameStream | undefined {
    const parked = this.#parked.get(name);
    clearTimeout(parked?.timer);
    this.#parked.delete(name);
    return parked?.stream;
  }
}
