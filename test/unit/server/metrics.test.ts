import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { METRICS } from '../../../src/server/metrics.ts';
import { type Running, startServer } from '../../support/page-server.ts';

let server: Running;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

test('metrics are shown in the text format of Prometheus, to those with a token only', async () => {
  const response = await server.call('/metrics');
  assert.match(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  const values = new Map(
    text
      .split('\n')
      .filter((line) => line && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
  const { nodes } = server.node.network();
  const online = nodes.filter(({ state }) => state === 'online').length;
  assert.equal(values.get('bitorch_nodes{state="online"}'), online);
  assert.ok(values.get('bitorch_process_resident_bytes')! > 10_000_000);
  assert.equal((await fetch(`${server.url}/metrics`)).status, 401);
});

test('names and labels of strangers stay inside of their quotes', async () => {
  const network = server.node.network();
  const transfer = { ...network.transfers[0]!, name: 'evil"} 1\nbitorch_nodes 99' };
  const { metricsOf } = await import('../../../src/server/metrics.ts');
  const node = {
    network: () => ({ ...network, transfers: [transfer] }),
    security: () => server.node.security(),
    chain: () => undefined,
  };
  const { text } = await metricsOf(node, { view: () => ({ p99: 0 }) } as never);
  assert.ok(!text.split('\n').some((line) => line.startsWith('bitorch_nodes 99')));
  assert.ok(!text.includes('bitorch_chain_height 0'), 'no value where the node has none');
});

test('docs/metrics.md names every metric', () => {
  const page = readFileSync('docs/metrics.md', 'utf8');
  const rows = METRICS.map(({ name, help, labels = [] }) => {
    return `| \`${name}\` | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
  });
  for (const row of rows) assert.ok(page.includes(row), row);
  assert.equal(page.match(/^\| `bitorch_/gm)?.length, METRICS.length);
});
