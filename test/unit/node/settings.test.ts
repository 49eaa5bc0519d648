import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { Limits } from '../../../src/node/limits/limits.ts';
import { changeConfig, configPath, readConfig } from '../../../src/node/settings/config-file.ts';
import { RunningSettings } from '../../../src/node/settings/settings.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

async function world(t: TestContext, fixed: string[] = []) {
  const home = await temporaryDirectory(t);
  const limits = new Limits({
    swarm: { limit: () => undefined, pause: () => undefined },
    library: { limitDisk: () => undefined },
    stages: undefined,
    power: async () => 'unknown',
  });
  afterwards(t, () => limits.stop());
  const options = { home, roles: ['client' as const, 'seed' as const], fixed };
  return { home, limits, settings: new RunningSettings(options, { limits, library: { bytesHeld: 7 } }) };
}

test('a change of config.json keeps the fields that it does not know, and null removes one', async (t) => {
  const { home } = await world(t);
  assert.deepEqual(await readConfig(home), {});
  await changeConfig(home, { uploadRate: 50 });
  assert.equal((await stat(configPath(home))).mode & 0o777, 0o600);
  await writeFile(configPath(home), '{"future":{"a":1},"uploadRate":50,"port":7000}');
  await changeConfig(home, { uploadRate: null, hours: '22:00-07:00' });
  assert.deepEqual(await readConfig(home), { future: { a: 1 }, port: 7000, hours: '22:00-07:00' });
  await writeFile(configPath(home), '{"broken":');
  await assert.rejects(changeConfig(home, { uploadRate: 60 }), { code: 'CONFIG_INVALID' });
  assert.equal(await readFile(configPath(home), 'utf8'), '{"broken":', 'a damaged file is left alone');
});

test('limits apply to the running node and are written; fields that are left out stay', async (t) => {
  const { home, limits, settings } = await world(t);
  await settings.change({ limits: { uploadRate: 100, diskBytes: 1000 } });
  const { settings: view, restarts } = await settings.change({
    limits: { uploadRate: null, hours: '01:00-02:00' },
  });
  assert.equal(restarts, false);
  assert.deepEqual(view.limits, {
    ...{ diskBytes: 1000, uploadRate: null, downloadRate: null, hours: '01:00-02:00', pauseOnBattery: false },
  });
  assert.deepEqual(limits.values, { diskBytes: 1000, hours: '01:00-02:00', pauseOnBattery: false });
  assert.deepEqual(await readConfig(home), { diskBytes: 1000, hours: '01:00-02:00' });
  assert.equal(view.diskBytesHeld, 7);
});

test('other roles are written and need a restart, the same ones in another order do not', async (t) => {
  const { home, settings } = await world(t);
  assert.equal((await settings.change({ roles: ['seed', 'client', 'seed'] })).restarts, false);
  const { settings: view, restarts } = await settings.change({ roles: ['client', 'seed', 'run'] });
  assert.equal(restarts, true);
  assert.deepEqual(view.roles, ['client', 'seed', 'run']);
  assert.deepEqual((await readConfig(home)).roles, ['client', 'seed', 'run']);
});

test('nothing changes when a part of the change is not possible', async (t) => {
  const { home, limits, settings } = await world(t, ['roles']);
  const change = { roles: ['run' as const], limits: { uploadRate: 20 } };
  await assert.rejects(settings.change(change), { code: 'SETTING_FIXED', message: /"roles"/ });
  await assert.rejects(settings.change({ limits: { uploadRate: 20, pauseOnBattery: true } }), {
    code: 'LIMIT_UNSUPPORTED',
  });
  assert.deepEqual(limits.values, { pauseOnBattery: false });
  assert.deepEqual(await readConfig(home), {});
});
