/** The commands as a shell sees them: output, exit codes, what a second start does. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { tryLockFile } from '#base';
import { bitorch, MAIN } from '../../support/cli.ts';
import { TINY_MODEL } from '../../support/network.ts';

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'bitorch-cli-'));
});
after(() => rm(home, { recursive: true, force: true }));

test('bad options end with what to do and a code that is not zero', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const taken = server.address() as AddressInfo;
  for (const [args, message] of [
    [['devnet', '--nodes', '0'], /--nodes 0: must be a whole number from 1 to 64/],
    [['start', '--blocks', 'all'], /--blocks all: write it as first-last/],
    [['start', '--home', home, '--roles', 'miner'], /roles/],
    [['devnet', '--once', '--home', home, '--model', './nothing.gguf'], /nothing\.gguf does not exist/],
    [['devnet', '--home', home, '--port', `${taken.port}`], /port \d+ is taken: choose another with --port/],
  ] as const) {
    const { code, output } = await bitorch([...args]);
    assert.equal(code, 1, output);
    assert.match(output, message);
  }
});

test('where no model can be had the program says how to supply one and ends with 2', async () => {
  // No pip on the PATH, and a Hub that is a closed port.
  const bin = join(home, 'bin');
  await rm(bin, { recursive: true, force: true });
  await mkdir(bin);
  await symlink(process.execPath, join(bin, 'node'));
  const env = { PATH: bin, HF_ENDPOINT: 'http://127.0.0.1:9' };
  const { code, output } = await bitorch(['devnet', '--once', '--home', join(home, 'none')], { env });
  if (/capital of France/.test(output)) assert.fail('the Hub was reached past its closed port');
  assert.equal(code, 2, output);
  assert.match(output, /--model with a \.gguf file, a folder of safetensors/);
});

test('a whole run with --once', async () => {
  const args = ['devnet', '--home', join(home, 'run'), '--model', TINY_MODEL, '--prompt', 'Hello'];
  const first = await bitorch([...args, '--once']);
  assert.equal(first.code, 0, first.output);
  assert.match(first.output, /page {3}http:\/\/127\.0\.0\.1:\d+\/#token=/);
  assert.match(
    first.output,
    /you → stage 1 \(blocks 0–0\) → stage 2 \(blocks 1–1\) → stage 3 \(blocks 2–2\) → you/,
  );
  assert.match(first.output, /audit passed/);
  assert.match(first.output, /stage 2 .* fetched .* from seeder/);

  const unlock = await tryLockFile(join(home, 'run/devnet/stage-2/home.lock'));
  assert.ok(unlock);
  unlock();
});

test('a node alone shows its page at once, says what it waits for, answers a chat with a reason, and stops when told', async () => {
  const alone = join(home, 'alone');
  const child = spawn(process.execPath, [
    MAIN,
    'start',
    '--home',
    alone,
    '--name',
    'laptop',
    '--roles',
    'seed',
  ]);
  const ended = once(child, 'close');
  try {
    const output = await written(child, /waiting: .*\n/);
    const [, url, token] = /^laptop is up: (\S+)\/#token=(\S+)$/m.exec(output) ?? [];
    assert.match(output, /^This node is not part of a network yet/m);
    assert.match(output, /^waiting: this node knows no other node \(give --bootstrap\)$/m);
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }] }),
    });
    assert.equal(response.status, 409);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    assert.equal(error.code, 'NOT_A_CLIENT');
    assert.match(error.message, /--roles seed,client/);

    const stopped = await bitorch(['stop', '--home', alone]);
    assert.deepEqual(stopped, { code: 0, output: 'The node has stopped.\n' });
    const unlock = await tryLockFile(join(alone, 'home.lock'));
    assert.ok(unlock, 'the command waits until the node has ended');
    unlock();
    assert.deepEqual(await ended, [0, null]);
    const again = await bitorch(['stop', '--home', alone]);
    assert.equal(again.code, 3);
    assert.match(again.output, /^bitorch: no node is running on .* \[NODE_MISSING\]$/m);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
});

/** What a program has written once it matches, or all of it if it ends before. */
function written(child: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<string> {
  let output = '';
  return new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (pattern.test(output)) resolve(output);
    });
    child.once('close', () => resolve(output));
  });
}
