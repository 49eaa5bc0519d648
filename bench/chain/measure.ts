/** A block as a run of four validators saw it. Times in ms since epoch, one machine's clock. */
export interface RunBlock {
  readonly height: number;
  /** When its proposer began to make it. */
  readonly begun: number;
  /** When the last of the validators called it final. */
  readonly final: number;
  /** Transfers in it. */
  readonly transfers: number;
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

export interface Result {
  readonly name: string;
  readonly emptyMs: Quantiles;
  readonly loadedMs: Quantiles;
  readonly transfersPerSecond: number;
  readonly transfers: number;
}

export interface Quantiles {
  readonly median: number;
  readonly p95: number;
  readonly count: number;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function quantiles(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95), count: sorted.length };
}

const finalities = (blocks: readonly RunBlock[]) =>
  quantiles(blocks.map(({ begun, final }) => final - begun));

/** Empty blocks for a while, then all transfers at once: what comes through in `seconds` counts. */
export async function measure(
  contestant: Contestant,
  transfers: readonly Uint8Array[],
  { emptySeconds, seconds }: { emptySeconds: number; seconds: number },
): Promise<Result> {
  await contestant.start();
  try {
    await sleep(3_000);
    const first = Date.now();
    await sleep(emptySeconds * 1000);
    const empty = contestant.blocks().filter(({ begun }) => begun >= first);
    const loadedFrom = Date.now();
    // Each transfer at one validator: the others hear of it by gossip.
    const submitting = submitAll(contestant, transfers);
    await sleep(seconds * 1000);
    const until = loadedFrom + seconds * 1000;
    const loaded = contestant.blocks().filter(({ begun, final }) => begun >= loadedFrom && final <= until);
    const count = loaded.reduce((sum, block) => sum + block.transfers, 0);
    submitting.catch(() => undefined);
    return {
      name: contestant.name,
      emptyMs: finalities(empty),
      loadedMs: finalities(loaded),
      transfers: count,
      transfersPerSecond: count / seconds,
    };
  } finally {
    await contestant.stop();
  }
}

/** Many at once at every validator, so that its pool never runs dry. */
async function submitAll(contestant: Contestant, transfers: readonly Uint8Array[]): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < transfers.length) {
      const number = next++;
      await contestant.submit(transfers[number]!, number % 4).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: 64 }, lane));
}
