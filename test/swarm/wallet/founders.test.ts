import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

const MAIN = resolve('src/cli/main.ts');
/** The commands of the guide, as they stand there. */
const [, GUIDE = ''] =
  /<!-- founders -->\n```sh\n([\s\S]*?)```/.exec(readFileSync('docs/guides/validator.md', 'utf8')) ?? [];

test('the commands with which the guide begins a network begin one', { timeout: 240_000 }, async (t) => {
  const home = await temporaryDirectory(t);
  await writeFile(join(home, 'pw'), 'play money\n');
  assert.match(GUIDE, /bitorch start/);
  const script = `set -e; bitorch() { "${process.execPath}" "${MAIN}" "$@"; }\n${GUIDE.replace(/bitorch start/, 'exec "$NODE" "$MAIN" start')}`;
  const env = {
    ...process.env,
    NODE: process.execPath,
    MAIN,
    BITORCH_HOME: join(home, 'data'),
    BITORCH_NODE: '',
  };
  const shell: ChildProcess = spawn('bash', ['-c', script], {
    cwd: home,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  afterwards(t, async () => {
    const ended = shell.exitCode === null && once(shell, 'exit');
    shell.kill('SIGTERM');
    await ended;
  });
  let said = '';
  for (const stream of [shell.stdout!, shell.stderr!]) stream.on('data', (text) => (said += text));
  const up = () => /is up: (http:\S+)\/#token=(\S+)/.exec(said);
  while (!up()) {
    assert.equal(shell.exitCode, null, said);
    await new Promise((wake) => setTimeout(wake, 100));
  }
  const [, url, token] = up()!;
  const headers = { authorization: `Bearer ${token}` };
  const view = async (path: string) =>
    (await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(120_000) })).json();
  const wallet = await view('/api/wallet');
  assert.equal(wallet.state, 'open');
  assert.match(wallet.address, /^torch1/);
  while ((await view('/api/chain')).height < 1) {
    assert.equal(shell.exitCode, null, said);
    await new Promise((wake) => setTimeout(wake, 100));
  }
});
