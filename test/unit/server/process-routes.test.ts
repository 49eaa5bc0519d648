import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '#base';
import { createServer } from '#server';
import { TOKEN, tokensIn } from '../../support/page-server.ts';
import { scriptedNode } from '../../support/scripted-node.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

test('the owner can stop the node, once the response is sent; a reader cannot', async (t) => {
  const folder = await temporaryDirectory(t);
  await writeFile(join(folder, 'index.html'), '');
  const tokens = await tokensIn(folder);
  const reader = await tokens.create('reader', ['read', 'chat', 'wallet']);
  const stopped = Promise.withResolvers<void>();
  let stops = 0;
  const stop = () => {
    stops++;
    stopped.resolve();
  };
  const server = createServer(
    { host: '127.0.0.1', port: 0, tokens, sessions: join(folder, 'sessions'), webRoot: folder },
    { node: scriptedNode(), log: createLog('silent'), stop },
  );
  const { url } = await server.start();
  afterwards(t, () => server.stop());
  const ask = (token: string) =>
    fetch(`${url}/api/process/stop`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });

  assert.equal((await ask(reader)).status, 403);
  assert.equal(stops, 0);
  const response = await ask(TOKEN);
  assert.deepEqual(await response.json(), { pid: process.pid });
  await stopped.promise;
  assert.equal(stops, 1);
});
