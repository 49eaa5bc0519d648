import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Arena } from '../../../src/execution/engine/memory.ts';
import { compiledKernels } from '../../../src/execution/engine/modules.ts';
import { ThreadPool } from '../../../src/execution/engine/thread-pool.ts';
import { FORMAT } from '../../../src/execution/engine/weights.ts';
import { ENTRY, JOB, type Parameter } from '../../../src/execution/kernels/parameters.ts';

const TILES = 4096;

/** Two threads on a memory of zeros, and a head of 32 columns and 256 units of work. */
async function startCrew(t: TestContext) {
  const { module } = await compiledKernels();
  const arena = new Arena();
  const [x, headNorm, normed, ownInput4, ownInput8, accumulators] = Array.from({ length: 6 }, () =>
    arena.take(1 << 10),
  );
  const [logits, weights, headSegment] = [
    arena.take(TILES * 32),
    arena.take(TILES * 160),
    arena.take(ENTRY.segment),
  ];
  const memory = arena.create();
  const crew = await ThreadPool.start(memory, module, { threads: 2 });
  t.after(() => crew.stop());
  const addresses = { x, headNorm, normed, ownInput4, ownInput8, accumulators, logits, headSegment };
  const values = { ...addresses, job: JOB.head, rows: 1, hidden: 32, logitStride: TILES * 32 };
  for (const [name, value] of Object.entries(values)) memory.set(name as Parameter, value!);
  memory.setWords(headSegment, [weights, FORMAT.four, TILES]);
  return {
    crew,
    memory,
    /** From now on thread 1 finds its buffers beyond the end of the memory. */
    breakThread: () => memory.set('privateBytes', 0x7fff_0000),
  };
}

test('jobs are led by the host and by thread 0 in any order', async (t) => {
  const { crew } = await startCrew(t);
  // what a unit takes is not known before the first job; a job of very many units is not a short one
  for (const units of [1, 1, 1, 1e9, 1, 1e9, 1e9, 1, 1]) await crew.run(units);
});

test('a thread that dies fails the job that thread 0 leads', async (t) => {
  const { crew, breakThread } = await startCrew(t);
  breakThread();
  const runUntilItTakesPart = async () => {
    for (;;) await crew.run(1e9);
  };
  await assert.rejects(runUntilItTakesPart, { code: 'ENGINE_FAILED' });
  await assert.rejects(async () => crew.run(1), { code: 'ENGINE_FAILED' });
});

test('a thread that dies fails the job that the host leads', async (t) => {
  const { crew, breakThread } = await startCrew(t);
  await crew.run(1);
  breakThread();
  const runUntilItTakesPart = async () => {
    for (;;) await crew.run(1);
  };
  await assert.rejects(runUntilItTakesPart, { code: 'ENGINE_FAILED' });
  await assert.rejects(async () => crew.run(1), { code: 'ENGINE_FAILED' });
});

test('a thread that was called long before the job begins takes part in it', async (t) => {
  const { crew, breakThread } = await startCrew(t);
  breakThread();
  const runLate = async () => {
    for (let jobs = 0; jobs < 50; jobs++) {
      crew.call(1e9);
      await setTimeout(5);
      await crew.run(1e9);
    }
  };
  await assert.rejects(runLate, { code: 'ENGINE_FAILED' });
});

test('a job does not wait for threads that do not come', async (t) => {
  const { crew, memory } = await startCrew(t);
  memory.set('threads', 5);
  for (const units of [1, 1, 1e9, 1]) await crew.run(units);
});
