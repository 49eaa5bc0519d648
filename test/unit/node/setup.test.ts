import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Speed } from '#execution';
import type { Measured, SetupStep } from '#node';
import { zSetup } from '#node/api';
import type { Traffic } from '../../../src/node/setup/measurement.ts';
import { roleOffers } from '../../../src/node/setup/role-offers.ts';
import { Setup, type SetupDependencies } from '../../../src/node/setup/setup.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

const SPEED: Speed = { reference: 'SmolLM2-135M', blocks: 30, threads: 1, msPerToken: 7.5 };
const QUIET: Traffic = { peers: 0, up: 0, down: 0 };

async function open(t: TestContext, home: string, changes: Partial<SetupDependencies> = {}): Promise<Setup> {
  const setup = await Setup.open(home, {
    blocked: () => undefined,
    achieved: () => false,
    traffic: () => QUIET,
    speed: async () => SPEED,
    watchMs: 0,
    testNetwork: { name: 'test', invites: [] },
    join: async () => undefined,
    ...changes,
  });
  afterwards(t, () => setup.stop());
  return setup;
}

/** The view once no measurement runs. */
async function measured(setup: Setup): Promise<ReturnType<Setup['view']>> {
  while (setup.view().measurement.state === 'running') await new Promise((resolve) => setImmediate(resolve));
  return setup.view();
}

test('the setup begins with every step open, records steps, and continues after a restart', async (t) => {
  const home = await temporaryDirectory(t);
  const first = await open(t, home);
  assert.equal(first.view().next, 'network');
  await first.change({ steps: { network: 'skipped', roles: 'done' } });
  const second = await open(t, home);
  assert.equal(second.view().next, 'limits');
  await second.change({ steps: { limits: 'done', wallet: 'skipped', reach: 'done' } });
  assert.equal(second.view().next, null);
  const { next } = await second.change({ steps: { roles: 'open' } });
  assert.equal(next, 'roles', 'a step can be taken back');
  zSetup.parse(second.view());
});

test('changes at the same time are all recorded', async (t) => {
  const home = await temporaryDirectory(t);
  const setup = await open(t, home);
  const names: SetupStep[] = ['network', 'roles', 'limits', 'wallet', 'reach'];
  await Promise.all(names.map((name) => setup.change({ steps: { [name]: 'done' } })));
  assert.equal((await open(t, home)).view().next, null);
});

test('what is achieved already need not be done, and what cannot be done now says why', async (t) => {
  const setup = await open(t, await temporaryDirectory(t), {
    achieved: (step) => step === 'network',
    blocked: (step) => (step === 'wallet' ? 'no chain' : undefined),
  });
  const { steps, next, hasNetwork } = setup.view();
  assert.equal(next, 'roles');
  assert.equal(hasNetwork, true);
  assert.deepEqual(steps[3], { name: 'wallet', state: 'open', blocked: 'no chain' });
});

test('an unreadable record is replaced by a new one', async (t) => {
  const home = await temporaryDirectory(t);
  for (const text of ['{"version":', '{"version":2}', '{"version":1,"steps":{"roles":"open"}}', '7']) {
    await writeFile(join(home, 'setup.json'), text);
    const setup = await open(t, home);
    assert.equal(setup.view().next, 'network');
    await setup.change({ steps: { network: 'done' } });
    assert.equal(JSON.parse(await readFile(join(home, 'setup.json'), 'utf8')).steps.network, 'done');
  }
});

test('a measurement is kept from one start to the next; one runs at a time', async (t) => {
  const home = await temporaryDirectory(t);
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const speed = async () => {
    runs++;
    await gate.promise;
    return SPEED;
  };
  const setup = await open(t, home, { speed, traffic: () => ({ peers: 2, up: 0, down: 1000.4 }) });
  assert.equal(setup.view().measurement.state, 'none');
  assert.equal(setup.measure().state, 'running');
  assert.equal(setup.measure().state, 'running');
  gate.resolve();
  const { measurement } = await measured(setup);
  assert.equal(runs, 1);
  assert.equal(measurement.state, 'done');
  const { cpu, up, down, peers, disk } = measurement.result!;
  assert.equal(cpu.msPerToken, 7.5);
  assert.equal(cpu.msPerBlock, 0.25);
  assert.equal(peers, 2);
  assert.deepEqual(down, { bytesPerSecond: 1000, reason: null });
  assert.deepEqual(up, {
    bytesPerSecond: null,
    reason: 'nothing was sent to others during the measurement',
  });
  assert.ok(disk.freeBytes > 0 && disk.freeBytes <= disk.totalBytes);
  assert.deepEqual((await open(t, home)).view().measurement, measurement);
});

test('rates without a peer or without a node are unknown, with the reason', async (t) => {
  const alone = await open(t, await temporaryDirectory(t));
  alone.measure();
  const { result } = (await measured(alone)).measurement;
  assert.deepEqual(result?.up, { bytesPerSecond: null, reason: 'no other computer is connected' });
  const offline = await open(t, await temporaryDirectory(t), { traffic: undefined });
  offline.measure();
  assert.equal((await measured(offline)).measurement.result?.down.reason, 'the node does not run');
});

test('a failed measurement says why, and can be repeated', async (t) => {
  let works = false;
  const speed = async () => {
    if (!works) throw new Error('too little memory');
    return SPEED;
  };
  const setup = await open(t, await temporaryDirectory(t), { speed });
  setup.measure();
  assert.deepEqual((await measured(setup)).measurement, { state: 'failed', problem: 'too little memory' });
  works = true;
  setup.measure();
  assert.equal((await measured(setup)).measurement.state, 'done');
});

test('a setup that stops ends its measurement', async (t) => {
  const speed = (signal: AbortSignal) =>
    new Promise<Speed>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const setup = await open(t, await temporaryDirectory(t), { speed });
  setup.measure();
  await setup.stop();
  assert.equal(setup.view().measurement.state, 'none');
  assert.equal(setup.measure().state, 'none', 'and starts no other');
});

const MACHINE: Measured = {
  at: 0,
  cpu: { cores: 8, threads: 1, msPerBlock: 0.25, msPerToken: 7.5, reference: 'SmolLM2-135M', blocks: 30 },
  memory: { totalBytes: 16e9, freeBytes: 8e9 },
  disk: { totalBytes: 500e9, freeBytes: 100e9 },
  up: { bytesPerSecond: null, reason: 'x' },
  down: { bytesPerSecond: null, reason: 'x' },
  peers: 0,
};
const proposed = (machine: Measured | undefined) =>
  roleOffers(machine)
    .filter((offer) => offer.proposed)
    .map(({ role }) => role);

test('roles are proposed by what the machine can bear', () => {
  assert.deepEqual(proposed(undefined), ['seed', 'client'], 'the default of a new node');
  assert.deepEqual(proposed(MACHINE), ['seed', 'run', 'audit', 'client']);
  const { cpu } = MACHINE;
  assert.deepEqual(proposed({ ...MACHINE, cpu: { ...cpu, msPerToken: 51 } }), ['seed', 'client']);
  assert.deepEqual(proposed({ ...MACHINE, cpu: { ...cpu, cores: 2 } }), ['seed', 'client']);
  assert.deepEqual(proposed({ ...MACHINE, memory: { totalBytes: 2e9, freeBytes: 1e9 } }), ['seed', 'client']);
  assert.deepEqual(proposed({ ...MACHINE, disk: { totalBytes: 2e9, freeBytes: 1e9 } }), ['client']);
});

test('only validators are paid today, and every other role says that nothing is', () => {
  for (const { role, reward, cost, reason } of roleOffers(MACHINE)) {
    assert.ok(cost.text && reason, role);
    assert.equal(reward.paid, role === 'validate');
    if (!reward.paid && role !== 'client') assert.match(reward.text, /^Nothing is paid/);
  }
});
