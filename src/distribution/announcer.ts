import { backoffMs, type Logger, messageOf } from '#base';
import type { Scope } from '#network/addresses';
import { type AnnounceRequest, announce } from './announce.ts';

const MIN_INTERVAL_MS = 5000;
const MAX_INTERVAL_MS = 3_600_000;
/** Interval while no peer is connected. */
const STARVED_INTERVAL_MS = 10_000;
const RETRY = { firstMs: 2000, lastMs: 120_000 };
const STOP_TIMEOUT_MS = 1000;

/** By announce URL. */
export type TrackerScopes = Readonly<Record<string, Scope>>;

export interface AnnouncerOptions {
  trackers: readonly string[];
  /** For trackers that somebody else named: the scope of who did, inside of which the tracker must not lead. */
  scopes?: TrackerScopes | undefined;
  infohash: Uint8Array;
  peerId: Uint8Array;
  port: number;
}

export interface AnnouncerPorts {
  readonly log: Logger;
  state(): Pick<AnnounceRequest, 'uploaded' | 'downloaded' | 'left'>;
  /** Whether the torrent has no peers, so that announcing early is justified. */
  isStarved(): boolean;
  onPeer(host: string, port: number): void;
}

/** Announces one torrent to its trackers, each on its own schedule. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #ports: AnnouncerPorts;
  readonly #controller = new AbortController();
  readonly #greeted = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: AnnouncerOptions, ports: AnnouncerPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  start(): void {
    for (const tracker of this.#options.trackers) void this.#announce(tracker, 0);
  }

  /** Announces the completed download to all trackers at once. */
  completed(): void {
    for (const tracker of this.#greeted) void this.#announce(tracker, 0, 'completed');
  }

  /** Sends `stopped` to all trackers, waiting one second at most. */
  async stop(): Promise<void> {
    this.#controller.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    const timeout = AbortSignal.timeout(STOP_TIMEOUT_MS);
    await Promise.allSettled([...this.#greeted].map((tracker) => this.#send(tracker, 'stopped', timeout)));
  }

  async #announce(tracker: string, failures: number, event?: 'completed'): Promise<void> {
    clearTimeout(this.#timers.get(tracker));
    const greeting = this.#greeted.has(tracker) ? event : 'started';
    let pause: number;
    try {
      const { interval, peers } = await this.#send(tracker, greeting, this.#controller.signal);
      this.#greeted.add(tracker);
      for (const { host, port } of peers) this.#ports.onPeer(host, port);
      pause = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, interval * 1000));
      if (this.#ports.isStarved()) pause = Math.min(pause, STARVED_INTERVAL_MS);
      failures = 0;
    } catch (error) {
      if (this.#controller.signal.aborted) return;
      this.#ports.log.warn({ tracker, error: messageOf(error) }, 'tracker not reached, will try again');
      pause = backoffMs(RETRY, ++failures);
    }
    if (this.#controller.signal.aborted) return;
    clearTimeout(this.#timers.get(tracker));
    this.#timers.set(tracker, setTimeout(() => void this.#announce(tracker, failures), pause).unref());
  }

  #send(tracker: string, event: AnnounceRequest['event'], signal: AbortSignal) {
    const { trackers: _, scopes, ...identity } = this.#options;
    const request = { ...identity, ...this.#ports.state(), ...(event && { event }) };
    return announce(tracker, request, { signal, from: scopes?.[tracker] });
  }
}
