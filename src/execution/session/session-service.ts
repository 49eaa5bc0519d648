import { BitorchError, codeOf, Lifecycle, type Logger, messageOf, toHex } from '#base';
import {
  type FrameStream,
  type Host,
  type PeerAddress,
  type Slot,
  type SlotHolder,
  SlotQueue,
} from '#network';
import {
  FIRST_FRAME_TIMEOUT_MS,
  HANG_UP_TIMEOUT_MS,
  HIDDEN_PROTOCOL,
  MAX_FRAME_BYTES,
  PERIOD_MS,
  RECLAIM_AFTER_MS,
  RESERVED_MS,
  SESSION_PROTOCOL,
} from './constants.ts';
import {
  decodeJoin,
  decodeOpen,
  encodeError,
  encodeJoin,
  encodeQueued,
  encodeReserved,
  type Join,
  KIND,
  kindOf,
  nameOfJoin,
  type Open,
} from './messages.ts';
import type { Executor, Witness } from './ports.ts';
import { Rendezvous } from './rendezvous.ts';
import { StageSession, type Streams } from './stage-session.ts';

/** Blocks of a model that are served, and the allocation of their KV slots to clients. */
interface Offer {
  readonly executor: Executor;
  readonly places: SlotQueue;
  /** Aborted when the blocks are withdrawn. */
  readonly withdrawn: AbortController;
}

interface SessionResources {
  readonly place: Slot;
  readonly streams: Streams;
  readonly executor: Executor;
}

export interface StageDependencies {
  readonly host: Pick<Host, 'handle' | 'open' | 'originOf'>;
  readonly witness: Witness;
  readonly log: Logger;
  /** Announced address of a peer, by peer id. By default, only peers that the host is connected to are found. */
  readonly locate?: (peer: string) => PeerAddress | undefined;
  readonly onSessionEnd?: () => void;
  /** Throws when the client (peer id) is not admitted to the model with this manifest id. */
  readonly admit?: (manifest: Uint8Array, client: string) => void;
}

/** Serves sessions on the blocks that this node runs: the stage side of docs/protocol/execution.md. */
export class SessionService {
  readonly #dependencies: StageDependencies;
  readonly #offers = new Map<string, Offer>();
  readonly #rendezvous = new Rendezvous();
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #lifecycle = new Lifecycle();

  constructor(dependencies: StageDependencies) {
    this.#dependencies = dependencies;
  }

  async start(): Promise<void> {
    const { host } = this.#dependencies;
    await host.handle(SESSION_PROTOCOL, MAX_FRAME_BYTES, (stream) => this.#serve(stream), { link: true });
    await host.handle(HIDDEN_PROTOCOL, MAX_FRAME_BYTES, (stream) => this.#join(stream), { link: true });
    this.#lifecycle.onStop(() => Promise.allSettled(this.#running));
    this.#lifecycle.onStop(() => this.#rendezvous.stop());
  }

  /** Ends every session with STAGE_STOPPING. */
  stop(): Promise<void> {
    this.#stopping.abort(stopping());
    return this.#lifecycle.stop();
  }

  /** Accepts sessions on `executor`'s blocks of the model with this manifest id. */
  offer(manifest: Uint8Array, executor: Executor): void {
    const places = new SlotQueue({ count: executor.slots, idleMs: RECLAIM_AFTER_MS });
    this.#offers.set(toHex(manifest), { executor, places, withdrawn: new AbortController() });
  }

  /** Stops accepting sessions for this model and ends the running ones with STAGE_STOPPING. */
  withdraw(manifest: Uint8Array): void {
    const name = toHex(manifest);
    this.#offers.get(name)?.withdrawn.abort(stopping());
    this.#offers.delete(name);
  }

  async #serve(client: FrameStream): Promise<void> {
    const frame = await client.read(AbortSignal.timeout(FIRST_FRAME_TIMEOUT_MS));
    const serving = this.#serveSession(client, decodeOpen(frame ?? new Uint8Array())).catch(
      (error: unknown) => this.#refuse(client, error),
    );
    this.#running.add(serving);
    await serving.finally(() => this.#running.delete(serving));
  }

  async #refuse(client: FrameStream, error: unknown): Promise<void> {
    this.#dependencies.log.info({ client: client.remote, error: messageOf(error) }, 'session refused');
    const limit = setTimeout(() => client.abort(), HANG_UP_TIMEOUT_MS);
    try {
      await client.send(encodeError({ code: codeOf(error), message: messageOf(error) }));
      await client.close();
    } finally {
      clearTimeout(limit);
    }
  }

  async #serveSession(client: FrameStream, open: Open): Promise<void> {
    const { admit, host, onSessionEnd } = this.#dependencies;
    admit?.(open.manifest, client.remote);
    const offer = this.#findOffer(open);
    const { executor, places, withdrawn } = offer;
    const holder = { peer: client.remote, origin: host.originOf(client.remote) };
    const place = open.wait ? await this.#reserve(client, offer, holder) : places.take(holder);
    if (!place) {
      const message = `all ${executor.slots} session slots are taken: wait for one, or try again in a moment`;
      throw new BitorchError('STAGE_BUSY', message);
    }
    try {
      const ending = AbortSignal.any([this.#stopping.signal, withdrawn.signal, place.signal]);
      const streams = await this.#connect(client, open, AbortSignal.any([ending, client.ended]));
      const session = this.#begin(open, { place, streams, executor });
      const last = await session.serve(ending);
      places.release(place);
      await session.hangUp(last);
      onSessionEnd?.();
    } finally {
      places.release(place);
    }
  }

  /**
   * Waits for a slot and for the client's confirmation. A client confirms when all stages of its route have reserved one: then
   * two clients that want the same stages cannot each keep the other from its last one (see docs/protocol/execution.md).
   */
  async #reserve(client: FrameStream, { places, withdrawn }: Offer, holder: SlotHolder): Promise<Slot> {
    const ending = AbortSignal.any([this.#stopping.signal, withdrawn.signal, client.ended]);
    const place = await places.wait(holder, ending, (position) => {
      client.send(encodeQueued(position)).catch(() => client.abort());
    });
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(unconfirmed()), RESERVED_MS);
    try {
      await client.send(encodeReserved());
      const frame = await client.read(AbortSignal.any([ending, place.signal, late.signal]));
      if (!frame || kindOf(frame) !== KIND.confirm)
        throw new BitorchError('FRAME_INVALID', 'the client must confirm the slot that it waited for');
      return place;
    } catch (error) {
      places.release(place);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #begin(open: Open, { place, streams, executor }: SessionResources): StageSession {
    const { session, manifest, first, end, period } = open;
    const { peer: client, origin } = place.holder;
    const terms = { session, manifest, first, end, period, width: executor.hidden, client, origin };
    try {
      const witness = this.#dependencies.witness.open(terms);
      return new StageSession({ open, place, streams }, { executor, witness });
    } catch (error) {
      for (const stream of [streams.inbound, streams.outbound]) if (stream !== streams.client) stream.abort();
      throw error;
    }
  }

  #findOffer(open: Open): Offer {
    const offer = this.#offers.get(toHex(open.manifest));
    if (!offer || open.first < offer.executor.first || open.end > offer.executor.end) {
      throw new BitorchError(
        'BLOCKS_NOT_SERVED',
        `this node does not serve blocks ${open.first}–${open.end - 1} of this model`,
      );
    }
    const now = Math.floor(Date.now() / PERIOD_MS);
    if (Math.abs(open.period - now) > 1) {
      throw new BitorchError(
        'PERIOD_INVALID',
        `period ${open.period} is not the current one (${now}): check the clock`,
      );
    }
    return offer;
  }

  /** Connects the streams that hidden states enter and leave through. When one is unavailable, the other is aborted. */
  async #connect(client: FrameStream, open: Open, signal: AbortSignal): Promise<Streams> {
    const join = { session: open.session, client: client.remote };
    const failed = new AbortController();
    const both = AbortSignal.any([signal, failed.signal]);
    const ends = [
      open.previous === null ? client : this.#dialPrevious(open.previous, join, both),
      open.next === null ? client : this.#rendezvous.wait(nameOfJoin(join), open.next, both),
    ] as const;
    try {
      const [inbound, outbound] = await Promise.all(ends);
      signal.throwIfAborted();
      return { client, inbound, outbound };
    } catch (error) {
      failed.abort(error);
      for (const end of await Promise.allSettled(ends)) {
        if (end.status === 'fulfilled' && end.value !== client) end.value.abort();
      }
      throw error;
    }
  }

  /** Dials the previous stage. The reading end dials, because reading is cheaper at the end that dialled a link. */
  async #dialPrevious(previous: string, join: Join, signal: AbortSignal): Promise<FrameStream> {
    const { host, locate = byConnection } = this.#dependencies;
    const peer = locate(previous);
    if (!peer)
      throw new BitorchError('PEER_UNKNOWN', `the address of the previous stage (${previous}) is unknown`);
    const stream = await host.open(peer, HIDDEN_PROTOCOL, MAX_FRAME_BYTES, { signal, link: true });
    await stream.send(...encodeJoin(join));
    return stream;
  }

  /** Takes a stream from a next stage, whose first frame names the session. */
  async #join(stream: FrameStream): Promise<void> {
    const frame = await stream.read(AbortSignal.timeout(FIRST_FRAME_TIMEOUT_MS));
    this.#rendezvous.bring(decodeJoin(frame), stream);
  }
}

const unconfirmed = (): BitorchError =>
  new BitorchError('SESSION_IDLE', `the client did not confirm its slot for ${RESERVED_MS / 1000} s`);

const byConnection = (id: string): PeerAddress => ({ id, addresses: [] });

const stopping = (): BitorchError => new BitorchError('STAGE_STOPPING', 'the stage is shutting down');
