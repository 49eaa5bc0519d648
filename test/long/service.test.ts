/** The node as a service of a real systemd: it starts, comes back after a crash, stays away after a stop, and is removed. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pause } from '#base';
import { MAIN } from '../support/cli.ts';
import { temporaryDirectory } from '../support/swarm.ts';
import { startUserSystemd, userSystemdLacking } from '../support/user-systemd.ts';

const skip = userSystemdLacking() ?? false;

test('a service runs the node with its options, restarts it after a crash only, and is removed', {
  skip,
}, async (t) => {
  const home = await temporaryDirectory(t);
  const config = await temporaryDirectory(t);
  const { run } = await startUserSystemd(t, { XDG_CONFIG_HOME: config, BITORCH_HOME: home });
  const bitorch = (...args: string[]) => run([process.execPath, MAIN, ...args]);
  const installed = await bitorch('service', 'install', '--name', 'hearth', '--roles', 'seed');
  assert.equal(installed.code, 0, installed.output);
  assert.match(installed.output, /service of systemd/);
  assert.match(installed.output, /enable-linger/);
  const unit = join(config, 'systemd/user/bitorch.service');
  const before = await readFile(unit, 'utf8');

  /** Id of the running node's process, once it is not `previous`. */
  const node = async (previous?: number): Promise<number> => {
    for (;;) {
      const { code, output } = await bitorch('status', '--json');
      const pid = code === 0 ? (JSON.parse(output) as { process: { pid: number } }).process.pid : undefined;
      if (pid !== undefined && pid !== previous) return pid;
      await pause(100);
    }
  };
  const first = await node();
  const { code, output } = await bitorch('status');
  assert.equal(code, 0, output);
  assert.match(output, /^node +hearth /m);
  assert.match(output, /^roles +seed$/m);
  assert.match(output, /^service +running \(systemd\)$/m);
  // Restrictions of the service must leave the sandbox of models usable.
  const report = await bitorch('doctor');
  assert.doesNotMatch(report.output, /PROBLEM +sandbox/, report.output);

  process.kill(first, 'SIGKILL');
  const second = await node(first);
  const again = await bitorch('service', 'install');
  assert.equal(again.code, 0, again.output);
  assert.equal(await readFile(unit, 'utf8'), before, 'a second installation keeps the options');
  await node(second);

  const stopped = await bitorch('stop');
  assert.equal(stopped.code, 0, stopped.output);
  assert.equal((await run(['systemctl', '--user', 'is-active', 'bitorch'])).output.trim(), 'inactive');
  const status = await bitorch('status');
  assert.equal(status.code, 3, status.output);
  assert.match(status.output, /its service has stopped: journalctl/);

  const removed = await bitorch('service', 'remove');
  assert.match(removed.output, /The service is removed/);
  assert.deepEqual(await readdir(join(config, 'systemd/user')), []);
  assert.match((await bitorch('service', 'remove')).output, /No service is installed/);
});
