/** Bitorch's engine with all blocks and the boundary in one process. */
import type { Boundary, Stage } from '#execution';
import { loadBlocks, loadBoundary, openModel, rowsAt } from '../../test/support/load-model.ts';
import { type Engine, serve, surprise } from './engine.ts';
import { PIN, ROOM } from './workload.ts';

/** Rows whose logits are computed at once when a text is scored; bounds the memory they take. */
const SCORED_ROWS = 64;

serve(async ({ gguf, threads }) => {
  const model = await openModel(gguf);
  const stage = await loadBlocks(model, 0, model.description.architecture.layers, {
    threads,
    pin: PIN,
    context: ROOM,
  });
  const boundary = await loadBoundary(model, { threads, pin: PIN });
  await model.close();
  return { whole: wholeEngine(stage, boundary) };
});

function wholeEngine(stage: Stage, boundary: Boundary): Engine {
  const { hidden } = stage;
  const forward = (position: number, tokens: readonly number[]) =>
    stage.forward(rowsAt(position, tokens.length), boundary.embed(tokens));
  let stepLogits: Float32Array | undefined;
  return {
    async prefill(tokens) {
      const states = await forward(0, tokens);
      await boundary.logits(states.subarray(states.length - hidden));
    },
    async step(position, token) {
      stepLogits = await boundary.logits(await forward(position, [token]), stepLogits);
    },
    async score(tokens) {
      const states = await forward(0, tokens);
      let total = 0;
      for (let from = 0; from < tokens.length - 1; from += SCORED_ROWS) {
        const to = Math.min(from + SCORED_ROWS, tokens.length - 1);
        const logits = await boundary.logits(states.subarray(from * hidden, to * hidden));
        const vocab = logits.length / (to - from);
        for (let at = from; at < to; at++) {
          total += surprise(logits.subarray((at - from) * vocab, (at - from + 1) * vocab), tokens[at + 1]!);
        }
      }
      return total;
    },
  };
}
