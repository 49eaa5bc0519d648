import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isWithin } from '../../../src/node/limits/hours.ts';
import { Limits } from '../../../src/node/limits/limits.ts';
import { type Power, readPower } from '../../../src/node/limits/power.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

const at = (time: string) => new Date(`2026-01-05T${time}:00`);

test('hours include their beginning and not their end, and may pass midnight', () => {
  const cases: [hours: string, time: string, expected: boolean][] = [
    ['09:00-17:00', '09:00', true],
    ['09:00-17:00', '17:00', false],
    ['09:00-17:00', '03:00', false],
    ['22:00-07:00', '23:59', true],
    ['22:00-07:00', '00:00', true],
    ['22:00-07:00', '07:00', false],
    ['22:00-07:00', '12:00', false],
    ['08:00-08:00', '03:00', true],
  ];
  for (const [hours, time, expected] of cases)
    assert.equal(isWithin(hours, at(time)), expected, `${hours} ${time}`);
});

test('power is read as the kernel shows it, without the batteries of mice', async (t) => {
  const folder = await temporaryDirectory(t);
  const supply = async (name: string, files: Record<string, string>) => {
    await mkdir(join(folder, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, name, file), `${text}\n`);
  };
  const read = () => readPower(folder, 'linux');
  assert.equal(await readPower(join(folder, 'none'), 'linux'), 'mains', 'a machine without a battery');
  await supply('hid-mouse', { type: 'Battery', scope: 'Device', status: 'Discharging' });
  assert.equal(await read(), 'mains');
  await supply('BAT0', { type: 'Battery', status: 'Discharging' });
  assert.equal(await read(), 'battery');
  await supply('AC', { type: 'Mains', online: '0' });
  assert.equal(await read(), 'battery');
  await supply('AC', { type: 'Mains', online: '1' });
  assert.equal(await read(), 'mains');
  assert.equal(await readPower(folder, 'win32'), 'unknown');
});

/** Limits on parts that record what they are told. */
function world(t: TestContext, power: Power = 'mains') {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  const state = { power, now: at('12:00') };
  const limits = new Limits({
    swarm: {
      limit: ({ up, down }) => told.push(`rates ${up} ${down}`),
      pause: (isPaused) => told.push(`swarm ${isPaused}`),
    },
    library: { limitDisk: (bytes) => told.push(`disk ${bytes}`) },
    stages: { pause: (isPaused) => told.push(`stages ${isPaused}`) },
    power: async () => state.power,
    now: () => state.now,
  });
  afterwards(t, () => limits.stop());
  const look = async () => {
    t.mock.timers.tick(15_000);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { limits, told, state, look };
}

test('rates and disk space apply at once, and are lifted when they are left out', async (t) => {
  const { limits, told } = world(t);
  await limits.apply({ uploadRate: 100, downloadRate: 2000, diskBytes: 5, pauseOnBattery: false });
  await limits.apply({ pauseOnBattery: false });
  assert.deepEqual(told, ['rates 100000 2000000', 'disk 5', 'rates Infinity Infinity', 'disk Infinity']);
});

test('outside its hours the node uploads and runs nothing', async (t) => {
  const { limits, told, state, look } = world(t);
  await limits.apply({ hours: '22:00-07:00', pauseOnBattery: false });
  assert.equal(limits.paused, 'hours');
  assert.deepEqual(told.splice(0).slice(2), ['swarm true', 'stages true']);
  state.now = at('22:00');
  await look();
  assert.deepEqual([limits.paused, told.splice(0)], [null, ['swarm false', 'stages false']]);
  state.now = at('07:00');
  await look();
  assert.equal(limits.paused, 'hours');
  await limits.apply({ pauseOnBattery: false });
  assert.equal(limits.paused, null);
});

test('on battery the node pauses, where the system tells', async (t) => {
  const { limits, told, state, look } = world(t, 'battery');
  await limits.apply({ pauseOnBattery: false });
  assert.equal(limits.paused, null);
  await limits.apply({ pauseOnBattery: true });
  assert.equal(limits.paused, 'battery');
  state.power = 'mains';
  await look();
  assert.equal(limits.paused, null);
  state.power = 'unknown';
  told.splice(0);
  await assert.rejects(limits.apply({ uploadRate: 16, pauseOnBattery: true }), { code: 'LIMIT_UNSUPPORTED' });
  assert.deepEqual(told, []);
});
