import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLog, SYSTEM_CLOCK } from '#base';
import { ProviderRecords } from '../../../src/node/peers/provider-records.ts';

/** Runs what is due when told to. */
class Alarms {
  readonly waits: number[] = [];
  readonly #due = new Set<() => void>();

  readonly clock = {
    ...SYSTEM_CLOCK,
    after: (ms: number, work: () => void) => {
      this.waits.push(ms);
      this.#due.add(work);
      return () => void this.#due.delete(work);
    },
  };

  get pending(): number {
    return this.#due.size;
  }

  async ring(): Promise<void> {
    for (const work of [...this.#due]) {
      this.#due.delete(work);
      work();
    }
    await turn();
  }
}

const HOLDING = { manifest: new Uint8Array(32), bytesHave: 1, bytesTotal: 1, blocks: null };

test('a node that is alone tells the hash table soon after its first peer, however long it waited', async () => {
  const alarms = new Alarms();
  const connected: string[] = [];
  const told: Uint8Array[] = [];
  const contentRouting = {
    provide: async (key: Uint8Array) => void told.push(key),
    findProviders: async () => [],
  };
  const host = { connected, contentRouting };
  const records = new ProviderRecords({ host, clock: alarms.clock, log: createLog('silent') });
  records.holds([HOLDING]);
  records.holds([HOLDING]);
  for (let i = 0; i < 20; i++) await alarms.ring();
  assert.equal(told.length, 0);
  assert.equal(alarms.pending, 1);
  assert.equal(Math.max(...alarms.waits), 2_000);
  connected.push('peer');
  await alarms.ring();
  assert.equal(told.length, 1);
  assert.equal(alarms.pending, 0);
});

test('a record that nobody took is told again, with growing pauses', async () => {
  const alarms = new Alarms();
  let tries = 0;
  const provide = async () => {
    if (++tries < 4) throw new Error('nobody took it');
  };
  const host = { connected: ['peer'], contentRouting: { provide, findProviders: async () => [] } };
  const records = new ProviderRecords({ host, clock: alarms.clock, log: createLog('silent') });
  records.holds([HOLDING]);
  await turn();
  while (alarms.pending > 0) await alarms.ring();
  assert.equal(tries, 4);
  assert.deepEqual(alarms.waits, [2_000, 4_000, 8_000]);
});
