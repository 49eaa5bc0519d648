/** One round of what `npm run chaos:strangers` does for minutes, without a chain: its owner goes on chatting all the while. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Node } from '#node';
import { answerIdOf, ask, chat, startNetwork, textOf } from '../support/network.ts';
import { attacksOn, crowd } from '../support/strangers/crowd.ts';

test('strangers of every kind take nothing from a small network', async (t) => {
  const { seeder, stages, client } = await startNetwork(t);
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-strangers-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const honest = [seeder, ...stages, client];
  const before = await audited(client);
  const world = {
    contacts: honest.map(({ addresses }) => addresses[0]!),
    apis: [],
    trackers: seeder.trackers,
    folder,
  };
  let over = false;
  const signal = new AbortController().signal;
  const strangers = crowd(world, { seed: 1, atOnce: 12, signal, once: true }).finally(() => {
    over = true;
  });
  while (!over) {
    assert.equal(await audited(client), before);
  }
  const { rounds } = await strangers;
  for (const name of Object.keys(attacksOn(world))) {
    const { done, cut } = rounds[name]!;
    assert.equal(done + cut, 1, name);
  }
  for (const node of honest) {
    const { nodes } = node.network();
    for (const { id } of honest) {
      const seen = nodes.find((one) => one.id === id);
      assert.equal(seen?.self || seen?.state, seen?.self ? true : 'online');
    }
  }
  assert.equal(await audited(client), before);
});

/** The text of an answer whose audit has passed. However busy the machine is: the test runner says when it takes too long. */
async function audited(client: Node): Promise<string> {
  const events = await chat(client, ask('Who are you?', 16), AbortSignal.timeout(240_000));
  const audit = () => client.audit(answerIdOf(events));
  while (audit()?.state === 'pending') await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(audit()?.state, 'passed', audit()?.summary);
  return textOf(events);
}
