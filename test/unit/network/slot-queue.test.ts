import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { type QueuePosition, type Slot, type SlotHolder, SlotQueue } from '#network';
import { settle } from '../../support/local-hosts.ts';

const NEVER = new AbortController().signal;
const holder = (peer: number, site = peer): SlotHolder => ({
  peer: `peer ${peer}`,
  origin: `192.0.${site % 256}.1`,
});

function queueOf(t: TestContext, count: number) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = { now: 0 };
  const queue = new SlotQueue({ count, idleMs: 20_000, now: () => clock.now });
  const granted: string[] = [];
  const positions: QueuePosition[] = [];
  /** Waits; the slot is noted under the name of its peer. */
  const wait = (who: SlotHolder, signal = NEVER) =>
    queue
      .wait(who, signal, (position) => positions.push(position))
      .then((slot) => {
        granted.push(who.peer);
        return slot;
      });
  return { clock, queue, granted, positions, wait };
}

test('free slots go to the peer that holds the fewest, then to the one that came first', async (t) => {
  const { queue, granted, wait } = queueOf(t, 2);
  const slots = [queue.take(holder(1))!, queue.take(holder(2))!];
  for (const slot of slots) slot.begin();
  const waiting = [wait(holder(1)), wait(holder(3)), wait(holder(4))];
  await settle();
  assert.deepEqual(granted, []);
  assert.equal(queue.take(holder(5)), undefined);
  queue.release(slots[1]!);
  await settle();
  assert.deepEqual(granted, ['peer 3']);
  assert.equal(queue.take(holder(5)), undefined, 'others wait');
  queue.release(slots[0]!);
  await settle();
  // Peer 1 holds nothing now, and came before peer 4.
  assert.deepEqual(granted, ['peer 3', 'peer 1']);
  queue.release(await waiting[1]!);
  await waiting[2];
  assert.deepEqual(granted, ['peer 3', 'peer 1', 'peer 4']);
  queue.release(await waiting[0]!);
  assert.ok(queue.take(holder(5)), 'nobody waits any more');
});

test('a peer that gives up leaves the queue, and an idle slot goes to the next', async (t) => {
  const { clock, queue, granted, wait } = queueOf(t, 1);
  const held = queue.take(holder(1))!;
  const impatient = new AbortController();
  const gone = wait(holder(2), impatient.signal);
  const stays = wait(holder(3));
  impatient.abort(new Error('gone'));
  await assert.rejects(gone, /gone/);
  clock.now = 20_000;
  t.mock.timers.tick(1_000);
  const slot = await stays;
  assert.deepEqual(granted, ['peer 3']);
  assert.ok(held.signal.aborted);
  queue.release(held);
  assert.equal(queue.free, 0, 'what was reclaimed is not released twice');
  queue.release(slot);
  assert.equal(queue.free, 1);
});

test('those that wait hear their position and an estimate once a second, if it changed', async (t) => {
  const { clock, queue, positions, wait } = queueOf(t, 2);
  const slots = [queue.take(holder(1))!, queue.take(holder(2))!];
  for (const slot of slots) slot.begin();
  const waiting = [wait(holder(3)), wait(holder(4)), wait(holder(5))];
  t.mock.timers.tick(1_000);
  t.mock.timers.tick(1_000);
  assert.deepEqual(
    positions.map(({ position, estimateMs }) => [position, estimateMs]),
    [
      [1, null],
      [2, null],
      [3, null],
    ],
  );
  clock.now = 8_000;
  queue.release(slots[0]!);
  await waiting[0];
  positions.length = 0;
  t.mock.timers.tick(1_000);
  assert.deepEqual(
    positions.map(({ position, estimateMs }) => [position, estimateMs]),
    [
      [1, 4_000],
      [2, 8_000],
    ],
  );
});

test('a crowd of one address does not keep others out of the queue', async (t) => {
  const { queue, wait } = queueOf(t, 1);
  queue.take(holder(0))!.begin();
  const crowd = Array.from({ length: 300 }, (_, peer) =>
    wait(holder(1_000 + peer, 7)).catch(() => 'refused'),
  );
  assert.ok(queue.waiting <= 128, `${queue.waiting} of one address wait`);
  const many = Array.from({ length: 300 }, (_, peer) =>
    wait(holder(2_000 + peer, peer)).catch(() => 'refused'),
  );
  await settle();
  assert.ok(queue.waiting <= 256);
  const honest = wait(holder(9_999, 200));
  honest.catch(() => undefined);
  await settle();
  assert.equal(queue.waiting, 256);
  void [crowd, many];
});

test('in any order of events no slot is lost, and everybody who stays is served', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const event = fc.record({ peer: fc.nat(5), kind: fc.constantFrom('take', 'wait', 'abort', 'release') });
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      async (events, count) => {
        const queue = new SlotQueue({ count, idleMs: 20_000, now: () => 0 });
        const held: Slot[] = [];
        const waiting: AbortController[] = [];
        const keep = (slot: Slot) => {
          slot.begin();
          held.push(slot);
          slot.signal.addEventListener('abort', () => held.splice(held.indexOf(slot), 1));
        };
        for (const { peer, kind } of events) {
          if (kind === 'take') {
            const slot = queue.take(holder(peer));
            if (slot) keep(slot);
          } else if (kind === 'wait') {
            const leave = new AbortController();
            waiting.push(leave);
            queue.wait(holder(peer), leave.signal, () => undefined).then(keep, () => undefined);
          } else if (kind === 'abort') waiting.shift()?.abort(new Error('gone'));
          else if (held.length > 0) queue.release(held.shift()!);
          await settle(2);
          assert.equal(queue.free + held.length, count);
          assert.ok(queue.free === 0 || queue.waiting === 0);
        }
        while (held.length > 0) {
          queue.release(held.shift()!);
          await settle(2);
        }
        assert.equal(queue.waiting, 0);
        assert.equal(queue.free, count);
      },
    ),
    { numRuns: 60 },
  );
});
