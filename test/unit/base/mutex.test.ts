import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mutex } from '#base';

test('work runs one at a time, in the order of the calls, and a failure does not block what follows', async () => {
  const mutex = new Mutex();
  const events: string[] = [];
  const first = Promise.withResolvers<void>();
  const job = (name: string, wait: Promise<void>) =>
    mutex.run(async () => {
      events.push(`${name} begins`);
      await wait.finally(() => events.push(`${name} ends`));
      return name;
    });
  const results = Promise.allSettled([
    job('a', first.promise),
    job('b', Promise.reject(new Error('b failed'))),
    job('c', Promise.resolve()),
  ]);
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(events, ['a begins']);
  first.resolve();
  const [a, b, c] = await results;
  assert.deepEqual(events, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  assert.deepEqual(
    [a, c],
    [
      { status: 'fulfilled', value: 'a' },
      { status: 'fulfilled', value: 'c' },
    ],
  );
  assert.equal(b.status, 'rejected');
});

test('idle waits for everything called before, also where it fails', async () => {
  const mutex = new Mutex();
  let isDone = false;
  const work = mutex.run(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    isDone = true;
    throw new Error('failed');
  });
  const failed = assert.rejects(work, { message: 'failed' });
  await mutex.idle();
  assert.equal(isDone, true);
  await failed;
});
