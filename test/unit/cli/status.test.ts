import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatUptime, statusLines } from '../../../src/cli/status.ts';
import { chainView } from '../../support/scripted-chain.ts';
import { network } from '../../support/scripted-node.ts';

const status = {
  url: 'http://127.0.0.1:7777',
  process: {
    ...{ pid: 12, uptimeMs: 61_000 },
    memory: { rss: 200_000_000, heapUsed: 1, heapTotal: 1, external: 1 },
  },
  network: network(),
};

test('a node is shown with its page, roles, models and chain', () => {
  const lines = statusLines({ ...status, chain: { ...chainView(), problem: 'it does not advance' } });
  assert.equal(lines[0], 'node     hearth (n0)');
  assert.ok(lines.includes('page     http://127.0.0.1:7777'));
  assert.ok(lines.includes('process  12, up 1 min, 200.0 MB'));
  assert.ok(lines.includes('roles    client'));
  assert.ok(lines.includes('network  5 of 5 computers online'));
  assert.ok(lines.includes('model    SmolLM2-135M-Instruct: ready'));
  assert.ok(lines.includes('problem  it does not advance'));
});

test('text from peers cannot move the cursor', () => {
  const [model] = status.network.models;
  const models = [{ ...model!, name: 'a\x1b[2Jb\n' }];
  const lines = statusLines({ ...status, network: { ...status.network, models } });
  assert.ok(lines.includes('model    a [2Jb : ready'), lines.join('\n'));
  assert.ok(lines.includes('chain    none'));
});

test('uptimes are told in their two largest units', () => {
  assert.equal(formatUptime(42_900), '42 s');
  assert.equal(formatUptime(300_000), '5 min');
  assert.equal(formatUptime(3 * 3_600_000 + 300_000), '3 h 5 min');
  assert.equal(formatUptime(51 * 3_600_000), '2 d 3 h');
});
