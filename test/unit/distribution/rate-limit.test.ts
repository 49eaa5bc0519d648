import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { RateLimit } from '../../../src/distribution/swarm/rate-limit.ts';

const KiB = 1024;

/** A limit with a clock that only the test moves. */
function world(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const limit = new RateLimit(() => now);
  const pass = (ms: number) => {
    for (let step = 0; step < ms; step++) {
      now++;
      t.mock.timers.tick(1);
    }
  };
  return { limit, pass };
}

/** A connection that sends blocks for as long as the limit lets it; `sent` counts its bytes. */
function sender(limit: RateLimit) {
  const connection = { sent: 0 };
  const send = () => {
    while (limit.isOpen && connection.sent < 1e9) {
      limit.take(16 * KiB);
      connection.sent += 16 * KiB;
      if (limit.isUnlimited) return;
    }
    limit.wait(connection, send);
  };
  send();
  return connection;
}

test('what passes in a time is the limit, whatever the size of a transfer', (t) => {
  const { limit, pass } = world(t);
  limit.set(40 * KiB);
  const connection = sender(limit);
  pass(10_000);
  assert.ok(connection.sent <= 400 * KiB + 16 * KiB, `${connection.sent} bytes in 10 s`);
  assert.ok(connection.sent >= 384 * KiB, `${connection.sent} bytes in 10 s`);
  limit.stop();
});

test('connections that wait take turns', (t) => {
  const { limit, pass } = world(t);
  limit.set(64 * KiB);
  const connections = Array.from({ length: 4 }, () => sender(limit));
  pass(10_000);
  const sent = connections.map((connection) => connection.sent);
  assert.ok(Math.max(...sent) - Math.min(...sent) <= 32 * KiB, sent.join(' '));
  limit.stop();
});

test('unused allowance is not saved up', (t) => {
  const { limit, pass } = world(t);
  limit.set(64 * KiB);
  pass(60_000);
  assert.ok(sender(limit).sent <= 48 * KiB);
  limit.stop();
});

test('a changed limit applies at once to those who wait, and without one nobody does', (t) => {
  const { limit, pass } = world(t);
  limit.set(1);
  limit.take(100 * KiB);
  let resumed = 0;
  limit.wait({}, () => resumed++);
  pass(1000);
  assert.equal(resumed, 0);
  limit.set(Infinity);
  assert.equal(resumed, 1);
  assert.ok(limit.isOpen);
  limit.set(1024);
  assert.ok(limit.isOpen, 'the debt of the earlier limit is forgotten');
  assert.throws(() => limit.set(0), RangeError);
  limit.stop();
});
