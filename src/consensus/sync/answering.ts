import { setTimeout as delay } from 'node:timers/promises';
import { BitorchError, codeOf } from '#base';
import {
  type Budget,
  Budgets,
  type FrameStream,
  type Host,
  type Limits,
  limitsOfMany,
  OBJECT_BYTES,
} from '#network';
import { MAX_ANSWER_FRAME } from './constants.ts';

export interface Served {
  readonly protocol: string;
  /** Bytes of a question, at most. */
  readonly maxQuestion: number;
  /** Throws what ends the stream. */
  readonly answer: (question: Uint8Array, peer: string) => Promise<CostlyAnswer>;
}

export interface CostlyAnswer {
  readonly bytes: Uint8Array;
  /** Milliseconds of computing. */
  readonly costMs: number;
}

/** Of one peer, over all its streams. One answer is held at a time, which can be a whole block. */
const PEER_LIMITS: Limits = {
  heldBytes: MAX_ANSWER_FRAME + OBJECT_BYTES,
  bytesPerSecond: 1 << 20,
  burstBytes: 4 << 20,
  cpuMsPerSecond: 250,
  burstCpuMs: 200,
};
const TOGETHER = 64;
const togetherLimits = limitsOfMany(TOGETHER, PEER_LIMITS);

/** How soon is looked again whether a peer has made up for what it has cost. */
const AGAIN_MS = 20;
/** An answer that is not read for so long is dropped with its stream. */
const UNREAD_MS = 30_000;

/**
 * Answers the questions of peers: of each one at a time, however many streams it has. What an answer costs is charged to
 * the peer, and who has used up its share waits for its next answer: asking is no offence.
 */
export class Answering {
  readonly #host: Host;
  readonly #budgets: Budgets;
  /** By peer: the end of what is being answered. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(
    dependencies: { host: Host },
    budgets = new Budgets({ peer: PEER_LIMITS, address: togetherLimits, all: togetherLimits }),
  ) {
    this.#host = dependencies.host;
    this.#budgets = budgets;
  }

  async serve({ protocol, maxQuestion, answer }: Served): Promise<void> {
    await this.#host.handle(protocol, maxQuestion, async (stream) => {
      const budget = this.#budgets.of(stream.remote);
      for (let frame = await stream.read(); frame; frame = await stream.read()) {
        const question = frame;
        budget.take(question.length);
        await this.#inTurn(stream.remote, async () => {
          await affordable(budget, stream);
          const { bytes, costMs } = await answer(question, stream.remote);
          budget.spend(costMs);
          await hand(bytes, stream, [budget, this.#host.budgetOf(stream.remote)]);
        });
      }
    });
  }

  #inTurn(peer: string, work: () => Promise<void>): Promise<void> {
    const done = (this.#last.get(peer) ?? Promise.resolve()).then(work);
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(peer) === settled) this.#last.delete(peer);
      });
    this.#last.set(peer, settled);
    return done;
  }
}

/** Resolves when the peer owes no time. */
async function affordable(budget: Budget, { ended }: FrameStream): Promise<void> {
  for (;;) {
    if (ended.aborted) throw new BitorchError('STREAM_CLOSED', 'who asked has gone');
    try {
      return budget.run(() => undefined);
    } catch (error) {
      if (codeOf(error) !== 'BUDGET_EXCEEDED') throw error;
    }
    await delay(AGAIN_MS);
  }
}

/** Until an answer is read it counts as held for the peer, here and among all that the peer makes this node hold. */
async function hand(bytes: Uint8Array, stream: FrameStream, budgets: readonly Budget[]): Promise<void> {
  const releases: (() => void)[] = [];
  const timer = setTimeout(() => stream.abort(new Error('an answer is not read')), UNREAD_MS);
  try {
    for (const budget of budgets) releases.push(budget.hold(bytes.length));
    await stream.send(bytes);
  } finally {
    clearTimeout(timer);
    for (const release of releases) release();
  }
}
