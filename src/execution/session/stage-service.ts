import { BitorchError, codeOf, Lifecycle, type Logger, messageOf, toHex } from '#base';
import type { FrameStream, Host, PeerAddress } from '#network';
import {
  HIDDEN_PROTOCOL,
  MAX_FRAME_BYTES,
  PERIOD_MS,
  SESSION_ID_BYTES,
  SESSION_PROTOCOL,
  SETUP_TIMEOUT_MS,
} from './constants.ts';
import { decodeOpen, encodeError, encodeReady, type Open } from './messages.ts';
import type { Executor, Witness } from './ports.ts';
import { Rendezvous } from './rendezvous.ts';
import { StageSession } from './stage-session.ts';

/** A model's blocks on offer, and which of their KV slots are free. */
interface Offer {
  readonly executor: Executor;
  readonly freeSlots: number[];
  /** Aborts when the blocks are not on offer any more. */
  readonly withdrawn: AbortController;
}

/** Serves sessions on the blocks that this node runs: the stage's side of docs/protocol/execution.md. */
export class StageService {
  readonly #host: Host;
  readonly #witness: Witness;
  readonly #log: Logger;
  readonly #onSessionEnd: () => void;
  readonly #admit: (manifest: Uint8Array, client: string) => void;
  readonly #offers = new Map<string, Offer>();
  readonly #rendezvous = new Rendezvous();
  readonly #running = new Set<Promise<void>>();
  readonly #lifecycle = new Lifecycle();

  constructor(dependencies: {
    host: Host;
    witness: Witness;
    log: Logger;
    onSessionEnd?: () => void;
    /** Throws when a client (peer id) may not have a session on the model with this manifest id. */
    admit?: (manifest: Uint8Array, client: string) => void;
  }) {
    this.#host = dependencies.host;
    this.#witness = dependencies.witness;
    this.#log = dependencies.log;
    this.#admit = dependencies.admit ?? (() => undefined);
    this.#onSessionEnd = dependencies.onSessionEnd ?? (() => undefined);
  }

  async start(): Promise<void> {
    await this.#host.handle(SESSION_PROTOCOL, MAX_FRAME_BYTES, (stream) => this.#serve(stream), {
      link: true,
    });
    await this.#host.handle(HIDDEN_PROTOCOL, MAX_FRAME_BYTES, (stream) => this.#join(stream), {
      link: true,
    });
    this.#lifecycle.onStop(() => Promise.allSettled(this.#running));
  }

  /** Ends every session, each client is told. */
  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  /** Takes sessions for these blocks of the model with this manifest id. */
  offer(manifest: Uint8Array, executor: Executor): void {
    const freeSlots = Array.from({ length: executor.slots }, (_, slot) => slot);
    this.#offers.set(toHex(manifest), { executor, freeSlots, withdrawn: new AbortController() });
  }

  /** Takes no more sessions for this model, and ends those that run; each client is told. */
  withdraw(manifest: Uint8Array): void {
    const name = toHex(manifest);
    this.#offers.get(name)?.withdrawn.abort();
    this.#offers.delete(name);
  }

  async #serve(client: FrameStream): Promise<void> {
    const open = decodeOpen((await client.read(AbortSignal.timeout(SETUP_TIMEOUT_MS))) ?? new Uint8Array());
    const serving = this.#serveSession(client, open).catch(async (error: unknown) => {
      this.#log.info({ client: client.remote, error: messageOf(error) }, 'session refused');
      await client.send(encodeError({ code: codeOf(error), message: messageOf(error) }));
      await client.close();
    });
    this.#running.add(serving);
    await serving.finally(() => this.#running.delete(serving));
  }

  async #serveSession(client: FrameStream, open: Open): Promise<void> {
    this.#admit(open.manifest, client.remote);
    const { executor, freeSlots, withdrawn } = this.#findOffer(open);
    const ending = AbortSignal.any([this.#lifecycle.signal, withdrawn.signal]);
    const slot = freeSlots.pop();
    if (slot === undefined) {
      throw new BitorchError(
        'STAGE_BUSY',
        `all ${executor.slots} session slots are taken, try again in a moment`,
      );
    }
    let inbound: FrameStream | undefined;
    try {
      const gone = AbortSignal.any([ending, client.ended]);
      const outbound = open.next === null ? client : this.#rendezvous.wait(open.session, open.next, gone);
      if (open.previous !== null) inbound = await this.#dialPrevious(open.session, open.previous, gone);
      const streams = { client, inbound: inbound ?? client, outbound: await outbound };
      await client.send(encodeReady(executor.context));
      const { session, manifest, first, end, period } = open;
      const witness = this.#witness.open({ session, manifest, first, end, period, client: client.remote });
      await new StageSession({ open, slot, streams }, { executor, witness }).serve(ending);
      this.#onSessionEnd();
    } finally {
      freeSlots.push(slot);
      inbound?.abort();
    }
  }

  #findOffer(open: Open): Offer {
    const offer = this.#offers.get(toHex(open.manifest));
    if (!offer || open.first < offer.executor.first || open.end > offer.executor.end) {
      throw new BitorchError(
        'BLOCKS_NOT_SERVED',
        `blocks ${open.first}–${open.end - 1} of this model do not run here`,
      );
    }
    const now = Math.floor(Date.now() / PERIOD_MS);
    if (Math.abs(open.period - now) > 1) {
      throw new BitorchError('PERIOD_INVALID', `period ${open.period} is not now (${now}): check the clock`);
    }
    return offer;
  }

  /** Who reads dials: the end that has dialled a link reads from it with less effort. */
  async #dialPrevious(session: Uint8Array, previous: PeerAddress, signal: AbortSignal): Promise<FrameStream> {
    const stream = await this.#host.open(previous, HIDDEN_PROTOCOL, MAX_FRAME_BYTES, { signal, link: true });
    await stream.send(session);
    return stream;
  }

  /** A stage after connects and says for which session. */
  async #join(stream: FrameStream): Promise<void> {
    const session = await stream.read(AbortSignal.timeout(SETUP_TIMEOUT_MS));
    if (session?.length !== SESSION_ID_BYTES) {
      throw new BitorchError('FRAME_INVALID', 'a hidden stream starts with a session id');
    }
    this.#rendezvous.bring(session, stream);
  }
}
