import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { bitorch } from '../../support/cli.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

test('without a terminal, setup says what is open and how to do it, and changes nothing', async (t) => {
  const home = await temporaryDirectory(t);
  const { code, output } = await bitorch(['setup', '--home', home]);
  assert.equal(code, 0, output);
  assert.match(output, /^Steps that are open: network, roles, limits, wallet, reach\.\n/);
  assert.match(output, /bitorch start INVITE/);
  const json = await bitorch(['setup', '--home', home, '--json']);
  const { next, testNetwork } = JSON.parse(json.output);
  assert.equal(next, 'network');
  assert.equal(testNetwork.name, 'test');
  assert.deepEqual(await readdir(home), []);
});
