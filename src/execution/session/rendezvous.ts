import { BitorchError, toHex } from '#base';
import type { FrameStream } from '#network';
import { SETUP_TIMEOUT_MS } from './constants.ts';

/**
 * Where a client's open and the stream of the stage after find each other: either may come first. A meeting is
 * named by session and peer, so nobody can step into the place of the stage that the client has named.
 */
export class Rendezvous {
  readonly #meetings = new Map<string, PromiseWithResolvers<FrameStream>>();

  /** Resolves with the stream of `peer` for this session. Throws NEXT_MISSING after SETUP_TIMEOUT_MS. */
  wait(session: Uint8Array, peer: string, signal: AbortSignal): Promise<FrameStream> {
    const meeting = this.#meeting(session, peer);
    signal.addEventListener('abort', () => meeting.reject(signal.reason), { once: true });
    return meeting.promise;
  }

  bring(session: Uint8Array, stream: FrameStream): void {
    this.#meeting(session, stream.remote).resolve(stream);
  }

  #meeting(session: Uint8Array, peer: string): PromiseWithResolvers<FrameStream> {
    const name = `${toHex(session)} ${peer}`;
    const known = this.#meetings.get(name);
    if (known) return known;
    const meeting = Promise.withResolvers<FrameStream>();
    this.#meetings.set(name, meeting);
    meeting.promise.catch(() => undefined);
    setTimeout(() => {
      this.#meetings.delete(name);
      meeting.reject(new BitorchError('NEXT_MISSING', `the stage after (${peer}) did not connect`));
    }, SETUP_TIMEOUT_MS).unref();
    return meeting;
  }
}
