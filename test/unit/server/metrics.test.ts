import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { NetworkView } from '#node';
import { METRICS, Metrics } from '../../../src/server/metrics.ts';
import { type Running, startServer } from '../../support/page-server.ts';

type TransferView = NetworkView['transfers'][number];

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

/** Metrics of a node with these transfers, and how often its views were made. */
async function metricsWith(transfers: readonly TransferView[], now?: () => number) {
  const network = server.node.network();
  const seen = { views: 0 };
  const node = {
    network: () => {
      seen.views++;
      return { ...network, transfers: [...transfers] };
    },
    security: () => server.node.security(),
    chain: () => undefined,
  };
  return { metrics: new Metrics(node, { view: () => ({ p99: 0 }) } as never, now), seen };
}
const transfer = (more: Partial<TransferView>): TransferView => ({
  ...server.node.network().transfers[0]!,
  ...more,
});

test('names and labels of strangers stay inside of their quotes', async () => {
  const { metrics } = await metricsWith([transfer({ name: 'evil"} 1\nbitorch_nodes 99' })]);
  const text = await metrics.text();
  assert.ok(!text.split('\n').some((line) => line.startsWith('bitorch_nodes 99')));
  assert.ok(!text.includes('bitorch_chain_height 0'), 'no value where the node has none');
});

test('models of one name are told apart, and strangers bring only so many', async () => {
  const models = Array.from({ length: 1000 }, (_, n) =>
    transfer({
      name: 'same',
      modelId: n.toString(16).padStart(64, '0').split('').reverse().join(''),
      bytesHave: n,
    }),
  );
  const { metrics } = await metricsWith(models);
  const lines = (await metrics.text())
    .split('\n')
    .filter((line) => line.startsWith('bitorch_model_bytes_held{'));
  assert.equal(new Set(lines).size, 200);
  assert.ok(lines.every((line) => Number(line.split(' ').at(-1)) >= 800));
});

test('the views are made once a second, however often somebody asks', async () => {
  let now = 0;
  const { metrics, seen } = await metricsWith([], () => now);
  for (let n = 0; n < 100; n++) await metrics.text();
  assert.equal(seen.views, 1);
  now = 1_000;
  await metrics.text();
  assert.equal(seen.views, 2);
});

test('docs/metrics.md names every metric', () => {
  const page = readFileSync('docs/metrics.md', 'utf8');
  const rows = METRICS.map(({ name, help, labels = [] }) => {
    return `| \`${name}\` | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
  });
  for (const row of rows) assert.ok(page.includes(row), row);
  assert.equal(page.match(/^\| `bitorch_/gm)?.length, METRICS.length);
});
