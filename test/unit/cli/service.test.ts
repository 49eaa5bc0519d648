import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Service } from '../../../src/cli/service/service.ts';
import { type ServiceSystem, serviceSystem } from '../../../src/cli/service/systems.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

const DEFINITION = { program: ['/bin/node'], options: ['--home', '/data'] } as const;

/** The service of an operating system whose commands succeed, except those that `failing` matches. */
async function scripted(t: TestContext, platform: NodeJS.Platform, failing = /^$/) {
  const folder = await temporaryDirectory(t);
  const system: ServiceSystem = { ...serviceSystem(platform)!, path: join(folder, 'deep/definition') };
  const commands: string[] = [];
  const service = new Service(system, async (command) => {
    commands.push(command.join(' '));
    const fails = failing.test(command.join(' '));
    return fails ? { code: 1, output: 'no such bus\n' } : { code: 0, output: 'active\n' };
  });
  return { service, commands, system, folder };
}

for (const platform of ['linux', 'darwin', 'win32'] as const) {
  test(`on ${platform} a service is installed, found again, replaced and removed without a trace`, async (t) => {
    const { service, commands, system, folder } = await scripted(
      t,
      platform,
      /disable|bootout|\/End|\/Delete/,
    );
    assert.equal(await service.state(), undefined);
    assert.equal(await service.options(), undefined);
    await service.install(DEFINITION);
    const first = await readFile(system.path);
    if (platform !== 'win32') assert.equal((await stat(system.path)).mode & 0o777, 0o600);
    assert.deepEqual(await service.options(), DEFINITION.options);
    await service.install(DEFINITION);
    assert.deepEqual(await readFile(system.path), first);
    assert.deepEqual(await readdir(join(folder, 'deep')), ['definition']);
    const begun = system.start.at(-1)!.join(' ');
    assert.equal(commands.filter((command) => command === begun).length, 2);
    assert.equal(await service.remove(), true);
    assert.deepEqual(await readdir(join(folder, 'deep')), []);
    assert.equal(await service.remove(), false);
  });
}

test('without a systemd of the user nothing is written and the message says what to do', async (t) => {
  const { service, folder } = await scripted(t, 'linux', /show-environment/);
  await assert.rejects(service.install(DEFINITION), {
    code: 'SERVICE_UNAVAILABLE',
    message: /^systemd cannot be used here \(no such bus\): log in directly/,
  });
  assert.deepEqual(await readdir(folder), []);
});

test('a command that fails is named with its output', async (t) => {
  const { service } = await scripted(t, 'linux', /enable bitorch/);
  await assert.rejects(service.install(DEFINITION), {
    code: 'SERVICE_FAILED',
    message: '"systemctl --user enable bitorch.service" failed: no such bus',
  });
});

test('states are those of systemd', async () => {
  const { stateOf } = serviceSystem('linux')!;
  const states = ['active', 'activating', 'failed', 'inactive', 'unknown'].map((word) =>
    stateOf(3, `${word}\n`),
  );
  assert.deepEqual(states, ['running', 'starting', 'failed', 'stopped', 'stopped']);
});
