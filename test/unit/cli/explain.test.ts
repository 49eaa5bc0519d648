import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { BitorchError } from '#base';
import { explain } from '../../../src/cli/explain.ts';
import { demandFreePort } from '../../../src/cli/free-port.ts';

test('a full disk is named with its place, however deep the reason is', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    path: '/data/wallet',
  });
  const failed = new TypeError('fetch failed', { cause: full });
  for (const error of [full, failed, new Error('outer', { cause: failed })]) {
    const { code, message } = explain(error);
    assert.equal(code, 'ENOSPC');
    assert.match(message, /the disk is full: nothing more can be written to \/data\/wallet/);
  }
});

test('a connection that nobody takes is named with its place', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const cut = await fetch(`http://127.0.0.1:${port}/`).catch((thrown: unknown) => thrown);
  assert.match(explain(cut).message, /closed the connection/);
  await assert.rejects(demandFreePort(port), { code: 'PORT_IN_USE', message: /--port/ });
  server.close();
  const refused = await fetch(`http://127.0.0.1:${port}/`).catch((thrown: unknown) => thrown);
  assert.equal(explain(refused).message, `nothing answers at 127.0.0.1, port ${port}`);
  const bad = await fetch('http://127.0.0.1:1/').catch((thrown: unknown) => thrown);
  assert.match(explain(bad).message, /request to a server failed: bad port/);
});

test('a file that is not there, ours as they are, and what nobody knows', async () => {
  const missing = await readFile('/nowhere/at/all').catch((thrown: unknown) => thrown);
  assert.deepEqual(explain(missing), { code: 'ENOENT', message: '/nowhere/at/all does not exist' });
  assert.equal(explain(new BitorchError('NO_CHAIN', 'x')).message, 'x');
  assert.deepEqual(explain(new TypeError('x is undefined')), { code: 'UNKNOWN', message: 'x is undefined' });
});
