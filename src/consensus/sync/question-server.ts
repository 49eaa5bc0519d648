import { BitorchError, codeOf, pause } from '#base';
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
  /** Longest question, in bytes. */
  readonly maxQuestion: number;
  /** Errors end the stream. */
  readonly answer: (question: Uint8Array, peer: string) => Promise<CostlyAnswer>;
}

export interface CostlyAnswer {
  readonly bytes: Uint8Array;
  /** CPU time, in ms. */
  readonly costMs: number;
}

/** Limits of one peer over all its streams. One answer is held at a time, up to a whole block. */
const PEER_LIMITS: Limits = {
  heldBytes: MAX_ANSWER_FRAME + OBJECT_BYTES,
  bytesPerSecond: 1 << 20,
  burstBytes: 4 << 20,
  cpuMsPerSecond: 250,
  burstCpuMs: 200,
};
const TOGETHER = 64;
const togetherLimits = limitsOfMany(TOGETHER, PEER_LIMITS);

/** How often to check whether a peer's budget has recovered, in ms. */
const AGAIN_MS = 20;
/** An answer not read within this time, in ms, is dropped with its stream. */
const UNREAD_MS = 30_000;

/**
 * Answers the questions of peers, one at a time per peer over all its streams. Answers are charged to the peer; one
 * that has used up its share waits for its next answer: asking is not an offence.
 */
export class QuestionServer {
  readonly #host: Host;
  readonly #budgets: Budgets;
  /** By peer: the end of its queue. */
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

/** Resolves when the peer's time budget is not overdrawn. */
async function affordable(budget: Budget, { ended }: FrameStream): Promise<void> {
  for (;;) {
    if (ended.aborted) throw new BitorchError('STREAM_CLOSED', 'the peer has disconnected');
    try {
      return budget.run(() => undefined);
    } catch (error) {
      if (codeOf(error) !== 'BUDGET_EXCEEDED') throw error;
    }
    await pause(AGAIN_MS);
  }
}

/** Until it is read, an answer counts as memory held for the peer, here and in the host's budget of the peer. */
async function hand(bytes: Uint8Array, stream: FrameStream, budgets: readonly Budget[]): Promise<void> {
  const releases: (() => void)[] = [];
  const timer = setTimeout(() => stream.abort(new Error('the answer was not read in time')), UNREAD_MS);
  try {
    for (const budget of budgets) releases.push(budget.hold(bytes.length));
    await stream.send(bytes);
  } finally {
    clearTimeout(timer);
    for (const release of releases) release();
  }
}
