import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SSE_HEARTBEAT, withHeartbeat } from '../../../src/server/sse.ts';

test('a silent stream beats, and nothing is lost or reordered', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const source = async function* () {
    for (const gate of gates) yield await gate.promise;
  };
  const stream = withHeartbeat(source(), 1000);
  const silent = stream.next();
  t.mock.timers.tick(1000);
  assert.equal((await silent).value, SSE_HEARTBEAT);
  gates[0]!.resolve('one');
  assert.equal((await stream.next()).value, 'one');
  gates[1]!.resolve('two');
  assert.equal((await stream.next()).value, 'two');
  assert.equal((await stream.next()).done, true);
});

test('closing the stream closes its source, an error of the source comes through', async () => {
  let closed = false;
  const source = async function* () {
    try {
      yield 'one';
      yield 'two';
    } finally {
      closed = true;
    }
  };
  for await (const _ of withHeartbeat(source(), 60_000)) break;
  assert.ok(closed);

  const failing = async function* () {
    yield 'one';
    throw new Error('broken');
  };
  const stream = withHeartbeat(failing(), 60_000);
  await stream.next();
  await assert.rejects(stream.next(), /broken/);
});
