/**
 * Runs in a container, beside its node: prints what the node's own HTTP API says of the network, one line of JSON for
 * each change, and ends when the node holds the whole of a model, verified against its manifest.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NetworkView } from '#node';

const INTERVAL_MS = 500;
const { BITORCH_HOME = '', BITORCH_PORT = '' } = process.env;

async function networkView(): Promise<NetworkView> {
  const token = (await readFile(join(BITORCH_HOME, 'api.token'), 'utf8')).trim();
  const response = await fetch(`http://127.0.0.1:${BITORCH_PORT}/api/network`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`GET /api/network: ${response.status}`);
  return (await response.json()) as NetworkView;
}

for (let printed = ''; ; await sleep(INTERVAL_MS)) {
  // The server comes up when the node does its work: the seeder's, once its model is published.
  const view = await networkView().catch(() => undefined);
  if (!view) continue;
  const line = JSON.stringify(view);
  if (line !== printed) process.stdout.write(`${line}\n`);
  printed = line;
  if (view.transfers.some(({ verified }) => verified)) break;
}
