import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coalescer } from '#base';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Work whose runs end when the test says so. */
function work() {
  const runs: PromiseWithResolvers<void>[] = [];
  const run = () => {
    const ending = Promise.withResolvers<void>();
    runs.push(ending);
    return ending.promise;
  };
  return { runs, run };
}

test('any number of calls during a run are answered by one further run', async () => {
  const { runs, run } = work();
  const coalescer = new Coalescer(run);
  const first = coalescer.run();
  const later = Array.from({ length: 100 }, () => coalescer.run());
  let answered = 0;
  for (const one of later) void one.then(() => answered++);
  await turn();
  assert.equal(runs.length, 1);
  runs[0]!.resolve();
  await first;
  await turn();
  assert.deepEqual([runs.length, answered], [2, 0]);
  runs[1]!.resolve();
  await Promise.all(later);
  assert.equal(answered, 100);
  await turn();
  void coalescer.run();
  assert.equal(runs.length, 3, 'idle again: a run begins at once');
  runs[2]!.resolve();
});

test('a run that fails rejects its own callers, and the next one begins all the same', async () => {
  const { runs, run } = work();
  const coalescer = new Coalescer(run);
  const [first, second] = [coalescer.run(), coalescer.run()];
  runs[0]!.reject(new Error('no space'));
  await assert.rejects(first, /no space/);
  await turn();
  runs[1]!.resolve();
  await second;
});

test('between two runs there is a pause, which stopping ends; then nothing runs any more', async () => {
  const { runs, run } = work();
  const coalescer = new Coalescer(run, { pauseMs: 1e8 });
  void coalescer.run();
  const waiting = coalescer.run();
  runs[0]!.resolve();
  await turn();
  await turn();
  assert.equal(runs.length, 1);
  await coalescer.stop();
  await waiting;
  await coalescer.run();
  assert.equal(runs.length, 1);
});

test('stopping waits for the run in progress', async () => {
  const { runs, run } = work();
  const coalescer = new Coalescer(run);
  void coalescer.run();
  let stopped = false;
  const stopping = coalescer.stop().then(() => {
    stopped = true;
  });
  await turn();
  assert.equal(stopped, false);
  runs[0]!.resolve();
  await stopping;
});
