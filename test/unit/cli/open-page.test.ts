import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Desktop, forgetPage, openPage } from '../../../src/cli/open-page.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

const LINK = 'http://127.0.0.1:7777/#token=secret';

function desktop(changes: Partial<Desktop> = {}): Desktop & { started: string[][] } {
  const started: string[][] = [];
  const launch = (program: string, args: readonly string[]) => void started.push([program, ...args]);
  const env = { DISPLAY: ':0' };
  return { platform: 'linux', env, isTerminal: true, launch, started, ...changes };
}

test('the browser is given a file that only the user can read, and never the token', async (t) => {
  const home = await temporaryDirectory(t);
  const path = join(home, 'open-page.html');
  for (const [platform, program] of [
    ['linux', 'xdg-open'],
    ['darwin', 'open'],
    ['win32', 'rundll32.exe'],
  ] as const) {
    const seat = desktop({ platform });
    assert.equal(await openPage(home, LINK, seat), true);
    const [command = []] = seat.started;
    assert.equal(command[0], program);
    assert.equal(fileURLToPath(command.at(-1)!), path);
    assert.ok(!command.join(' ').includes('secret'));
  }
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.ok((await readFile(path, 'utf8')).includes(`url=${LINK}`));
  await forgetPage(home);
  await forgetPage(home);
  assert.deepEqual(await readdir(home), []);
});

test('nothing is opened on a build server, over SSH, without a display or a terminal', async (t) => {
  const home = await temporaryDirectory(t);
  const DISPLAY = ':0';
  for (const changes of [
    { env: { DISPLAY, CI: 'true' } },
    { env: { DISPLAY, SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' } },
    { env: { DISPLAY, SSH_TTY: '/dev/pts/1' } },
    { platform: 'darwin', env: { SSH_CLIENT: '10.0.0.1 1 22' } },
    { env: {} },
    { isTerminal: false },
  ] as const) {
    const seat = desktop(changes);
    assert.equal(await openPage(home, LINK, seat), false);
    assert.deepEqual(seat.started, []);
  }
  assert.deepEqual(await readdir(home), []);
  assert.equal(await openPage(home, LINK, desktop({ env: { WAYLAND_DISPLAY: 'wayland-0' } })), true);
});

test('a browser that cannot be started, or a home that cannot be written, changes nothing', async (t) => {
  const home = await temporaryDirectory(t);
  const launch = () => {
    throw new Error('no such program');
  };
  assert.equal(await openPage(home, LINK, desktop({ launch })), false);
  assert.equal(await openPage('/dev/null/home', LINK, desktop()), false);
});
