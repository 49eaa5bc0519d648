import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { messageOf, pause } from '#base';
import { measureSpeed, type Speed } from '#execution';
import type { Measured, MeasurementView } from '../api/setup.ts';

const WARM_UP_MS = 1_500;
const MEASURE_MS = 3_000;
/** How long transfers are watched, at least: their rates are averages over some seconds. */
const WATCH_MS = 8_000;
const LOOK_MS = 500;

/** What the node exchanges with others at a moment. */
export interface Traffic {
  /** Peers that it is connected to. */
  readonly peers: number;
  /** Bytes per second of model files. */
  readonly up: number;
  readonly down: number;
}

export interface MeasurementDependencies {
  /** Undefined where no node runs. */
  readonly traffic: (() => Traffic) | undefined;
  readonly onResult?: (result: Measured) => Promise<void>;
  readonly speed?: (signal: AbortSignal) => Promise<Speed>;
  readonly watchMs?: number;
}

/** A measurement of this machine: its engine, memory, disk, and its traffic with peers. One at a time. */
export class Measurement {
  readonly #home: string;
  readonly #deps: MeasurementDependencies;
  readonly #stop = new AbortController();
  #result: Measured | undefined;
  #problem: string | undefined;
  #running: { at: number; doing: string; done: Promise<void> } | undefined;

  /** `result`: that of an earlier measurement. */
  constructor(
    { home, result }: { home: string; result: Measured | undefined },
    dependencies: MeasurementDependencies,
  ) {
    this.#home = home;
    this.#result = result;
    this.#deps = dependencies;
  }

  get view(): MeasurementView {
    const result = this.#result && { result: this.#result };
    const running = this.#running;
    if (running) {
      const { watchMs = WATCH_MS } = this.#deps;
      const progress = Math.min(0.99, (performance.now() - running.at) / watchMs);
      return { state: 'running', progress, doing: running.doing, ...result };
    }
    if (this.#problem !== undefined) return { state: 'failed', problem: this.#problem, ...result };
    return { state: result ? 'done' : 'none', ...result };
  }

  /** Starts a measurement unless one runs. */
  start(): MeasurementView {
    if (this.#running || this.#stop.signal.aborted) return this.view;
    this.#problem = undefined;
    this.#running = {
      at: performance.now(),
      doing: 'Computing with a small model, and watching transfers',
      done: this.#measure(),
    };
    return this.view;
  }

  /** Resolves when no measurement runs. */
  async finished(): Promise<void> {
    await this.#running?.done;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.finished();
  }

  async #measure(): Promise<void> {
    try {
      const result = await measureMachine(this.#home, this.#deps, this.#stop.signal);
      this.#result = result;
      await this.#deps.onResult?.(result);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#problem = messageOf(error);
    } finally {
      this.#running = undefined;
    }
  }
}

async function measureMachine(
  home: string,
  { traffic, speed = measureEngine, watchMs = WATCH_MS }: MeasurementDependencies,
  signal: AbortSignal,
): Promise<Measured> {
  // Before the engine takes its part of it.
  const memory = { totalBytes: totalmem(), freeBytes: freemem() };
  const { blocks: count, bsize, bavail } = await statfs(home);
  signal.throwIfAborted();
  // Both are waited for, so that nothing of a measurement goes on after its end.
  const [engine, watched] = await Promise.allSettled([speed(signal), watch(traffic, watchMs, signal)]);
  if (engine.status === 'rejected') throw engine.reason;
  if (watched.status === 'rejected') throw watched.reason;
  const { reference, blocks, threads, msPerToken } = engine.value;
  const cpu = {
    ...{ cores: availableParallelism(), threads, reference, blocks, msPerToken },
    msPerBlock: msPerToken / blocks,
  };
  const disk = { totalBytes: count * bsize, freeBytes: bavail * bsize };
  const { peers, up, down } = watched.value;
  const rateOf = (rate: number, what: string) => {
    if (rate > 0) return { bytesPerSecond: Math.round(rate), reason: null };
    const reason = traffic
      ? peers > 0
        ? `nothing was ${what} during the measurement`
        : 'no other computer is connected'
      : 'the node does not run';
    return { bytesPerSecond: null, reason };
  };
  return {
    ...{ at: Date.now(), cpu, memory, disk, peers },
    ...{ up: rateOf(up, 'sent to others'), down: rateOf(down, 'fetched from others') },
  };
}

/** One thread: what others get of the machine is a part of it, and one core is what it is compared by. */
const measureEngine = (signal: AbortSignal): Promise<Speed> =>
  measureSpeed({ threads: 1, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS, signal });

/** The fastest of the rates that were seen in a time. */
async function watch(
  traffic: (() => Traffic) | undefined,
  forMs: number,
  signal: AbortSignal,
): Promise<Traffic> {
  let fastest: Traffic = { peers: 0, up: 0, down: 0 };
  for (const end = performance.now() + forMs; traffic; ) {
    const { peers, up, down } = traffic();
    fastest = {
      peers: Math.max(peers, fastest.peers),
      up: Math.max(up, fastest.up),
      down: Math.max(down, fastest.down),
    };
    if (performance.now() >= end) break;
    await pause(LOOK_MS, signal);
  }
  return fastest;
}
