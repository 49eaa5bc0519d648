import { setTimeout as sleep } from 'node:timers/promises';
import { sha256, toHex } from '#base';

/** A block as a run of four validators saw it. Times in ms since epoch, one machine's clock. */
export interface RunBlock {
  readonly height: number;
  /** When its proposer began to make it; the first one, where it took several rounds. */
  readonly begun: number;
  /** When the last of the validators called it final. */
  readonly final: number;
  /** The sha256 of each transfer in it. */
  readonly transfers: readonly string[];
}

/** A network of four validators that the bench can drive, whichever engine it runs on. */
export interface Contestant {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Hands a transfer in at one of the validators. */
  submit(transfer: Uint8Array, at: number): Promise<void>;
  /** Blocks that all validators have called final. */
  blocks(): RunBlock[];
}

export interface MeasureOptions {
  readonly emptySeconds: number;
  /** Of each phase under load. */
  readonly seconds: number;
  /** Transfers offered a second in the steady phase. */
  readonly perSecond: number;
}

export interface Load {
  /** Of blocks, from the beginning of their making. */
  readonly finality: Quantiles;
  /** Of transfers, from being handed in; one that never became final counts as infinite. */
  readonly latency: Quantiles;
  readonly offered: number;
  /** Transfers that became final within the phase. */
  readonly final: number;
  readonly perSecond: number;
}

export interface Result {
  readonly name: string;
  readonly empty: Quantiles;
  /** Transfers offered at an even rate. */
  readonly steady: Load;
  /** So many always waiting that no block could ever take them all. */
  readonly full: Load;
}

export interface Quantiles {
  readonly median: number;
  readonly p95: number;
  readonly count: number;
}

/** Transfers that are under way at any time while the pools are full. */
const WAITING = 256;
/** Time for transfers of the steady phase to become final after it. */
const DRAIN_MS = 20_000;
const SETTLE_MS = 3_000;

export function quantiles(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95), count: sorted.length };
}

/** Empty blocks for a while, then transfers at an even rate, then as many as the network takes. */
export async function measure(
  contestant: Contestant,
  transfers: readonly Uint8Array[],
  { emptySeconds, seconds, perSecond }: MeasureOptions,
): Promise<Result> {
  await contestant.start();
  try {
    const run = new Run(contestant, transfers);
    await sleep(SETTLE_MS);
    const from = Date.now();
    await sleep(emptySeconds * 1000);
    const empty = quantiles(run.blocksOf({ from, until: Date.now() }).map(finality));
    return {
      name: contestant.name,
      empty,
      steady: await run.steady(seconds, perSecond),
      full: await run.full(seconds),
    };
  } finally {
    await contestant.stop();
  }
}

interface Phase {
  readonly from: number;
  readonly until: number;
}

const finality = ({ begun, final }: RunBlock): number => final - begun;

/** Hands transfers in, one after the other at another validator, and remembers when. */
class Run {
  readonly #contestant: Contestant;
  readonly #transfers: readonly Uint8Array[];
  readonly #submitted = new Map<string, number>();

  constructor(contestant: Contestant, transfers: readonly Uint8Array[]) {
    this.#contestant = contestant;
    this.#transfers = transfers;
  }

  async steady(seconds: number, perSecond: number): Promise<Load> {
    const phase = phaseOf(seconds);
    const first = this.#submitted.size;
    for (let now = Date.now(); now < phase.until; now = Date.now()) {
      const due = Math.floor(((now - phase.from) / 1000) * perSecond);
      while (this.#submitted.size < first + due) this.#submitNext();
      await sleep(5);
    }
    for (const end = Date.now() + DRAIN_MS; this.#waiting() > 0 && Date.now() < end; ) await sleep(50);
    return this.#loadOf(phase);
  }

  async full(seconds: number): Promise<Load> {
    const phase = phaseOf(seconds);
    while (Date.now() < phase.until) {
      for (let room = WAITING - this.#waiting(); room > 0; room--) this.#submitNext();
      await sleep(50);
    }
    return this.#loadOf(phase);
  }

  blocksOf({ from, until }: Phase): RunBlock[] {
    return this.#contestant.blocks().filter(({ begun }) => begun >= from && begun < until);
  }

  #submitNext(): void {
    const number = this.#submitted.size;
    const transfer = this.#transfers[number];
    if (!transfer) throw new Error(`all ${number} transfers are handed in: sign more`);
    this.#submitted.set(toHex(sha256(transfer)), Date.now());
    this.#contestant.submit(transfer, number % 4).catch(() => undefined);
  }

  #finals(): Map<string, number> {
    return new Map(
      this.#contestant
        .blocks()
        .flatMap(({ final, transfers }) => transfers.map((id) => [id, final] as const)),
    );
  }

  #waiting(): number {
    const final = this.#contestant.blocks().reduce((sum, { transfers }) => sum + transfers.length, 0);
    return this.#submitted.size - final;
  }

  #loadOf(phase: Phase): Load {
    const finals = this.#finals();
    const within = (time: number) => time >= phase.from && time < phase.until;
    const mine = [...this.#submitted].filter(([, at]) => within(at));
    const final = [...finals.values()].filter(within).length;
    return {
      finality: quantiles(this.blocksOf(phase).map(finality)),
      latency: quantiles(mine.map(([id, at]) => (finals.get(id) ?? Number.POSITIVE_INFINITY) - at)),
      offered: mine.length,
      final,
      perSecond: (final * 1000) / (phase.until - phase.from),
    };
  }
}

const phaseOf = (seconds: number): Phase => ({ from: Date.now(), until: Date.now() + seconds * 1000 });
