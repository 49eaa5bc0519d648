import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '#base';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Pieces of work that take `ms` of the clock each, and how many of them each turn of the event loop did. */
async function workOf(
  lanes: number,
  pieces: number,
  ms: number,
): Promise<{ turns: number[]; order: number[] }> {
  let clock = 0;
  const pace = new Pace({ cpuMs: () => clock });
  const turns = [0];
  const order: number[] = [];
  const count = () => {
    turns.push(0);
    if (order.length < lanes * pieces) setImmediate(count);
  };
  setImmediate(count);
  const lane = async (name: number) => {
    for (let i = 0; i < pieces; i++) {
      const later = pace.wait();
      if (later) await later;
      clock += ms;
      turns[turns.length - 1]!++;
      order.push(name);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, name) => lane(name)));
  return { turns, order };
}

test('pieces of one lane go on at once until they have taken long, then in the next turn', async () => {
  const { turns } = await workOf(1, 1_000, 0.5);
  assert.equal(Math.max(...turns), 20);
});

test('pieces of many lanes share a turn', async () => {
  const { turns, order } = await workOf(50, 20, 2);
  // A turn is given up by whoever finds it spent: five pieces of 2 ms.
  assert.ok(Math.max(...turns) <= 10, `${Math.max(...turns)} pieces in a turn`);
  for (let name = 0; name < 50; name++) assert.equal(order.filter((one) => one === name).length, 20);
});

test('who computes little never waits', async () => {
  let clock = 0;
  const pace = new Pace({ cpuMs: () => clock });
  for (let i = 0; i < 100; i++) {
    assert.equal(pace.wait(), undefined);
    clock += 9;
    await turn();
  }
});
