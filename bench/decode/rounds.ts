import type { Setup, Task } from './engine.ts';
import { EngineProcess } from './process.ts';
import type { Samples } from './samples.ts';
import { CONTEXTS, WARM_BURSTS } from './workload.ts';

export const WHOLE = new URL('./whole.ts', import.meta.url);
export const LLAMA_CPP = new URL('../peers/llama-cpp.ts', import.meta.url);
const SPLIT = new URL('./split.ts', import.meta.url);

/** Bursts of steps after each prefill. */
const BURSTS = 3;

/**
 * Runs the engines side by side with so many threads each and adds what they took to `samples`: one round, and more
 * while `seconds` are not over.
 */
export async function measure(setup: Setup, seconds: number, samples: Samples): Promise<void> {
  const { threads } = setup;
  const running: EngineProcess[] = [];
  const turn = async (task: Exclude<Task, { kind: 'score' }>) => {
    // Whoever was first is last the next time.
    running.push(running.shift()!);
    for (const engine of running) {
      for (const [name, milliseconds] of Object.entries(await engine.run(task))) {
        samples.add({ threads, ...task }, name, milliseconds);
      }
    }
  };
  try {
    for (const script of [WHOLE, LLAMA_CPP, SPLIT]) running.push(await EngineProcess.start(script, setup));
    for (const engine of running) {
      await engine.run({ kind: 'prefill', length: CONTEXTS[0] });
      for (let burst = 0; burst < WARM_BURSTS; burst++)
        await engine.run({ kind: 'decode', length: CONTEXTS[0] });
    }
    const start = performance.now();
    const fits = (rounds: number) => (performance.now() - start) * (1 + 1 / rounds) <= seconds * 1000;
    for (let rounds = 0; rounds === 0 || fits(rounds); rounds++) {
      for (const length of CONTEXTS) {
        await turn({ kind: 'prefill', length });
        for (let burst = 0; burst < BURSTS; burst++) await turn({ kind: 'decode', length });
      }
    }
  } finally {
    for (const engine of running) await engine.stop();
  }
}
