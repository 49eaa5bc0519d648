/** Where the test of a source file is: `test/unit/<room>/<file>.test.ts` for `src/<room>/…/<file>.ts`. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';

/** Tests of several files, or of files that the name does not show; a test of one file is named after it instead. */
const OF_SEVERAL: Readonly<Record<string, readonly string[]>> = {
  '': ['dead-exports', 'docs', 'errors', 'floors', 'language', 'test-map', 'threat-model'],
  cli: ['scan-paths'],
  consensus: [
    ...[
      'certificates',
      'commits',
      'deciding',
      'double-proposer',
      'drive',
      'empty-block',
      'far-votes',
      'fork',
    ],
    ...['gossip-peers', 'quiet-gossip', 'snapshot-trust', 'trade'],
  ],
  crypto: ['kernel-build', 'outputs', 'range-proof'],
  distribution: ['source-names', 'swarm-parts'],
  execution: [
    ...['describe-model', 'engine-crew', 'engine-exactness', 'engine-families', 'engine-refusals'],
    ...['kernels-build', 'llama-architecture', 'pin', 'stage-places'],
  ],
  ledger: [
    ...[
      'determinism',
      'escrow-actions',
      'escrow-sides',
      'execute',
      'public-money',
      'queues',
      'retries',
      'rules',
    ],
    ...['sealed-box', 'words'],
  ],
  network: ['gossip-names', 'unread-frames'],
  node: ['auditors', 'examination', 'failures', 'rechecks'],
  packaging: ['image', 'release', 'report'],
  security: [
    ...['archives', 'bounded-work', 'determinism', 'images', 'names', 'ruleset-changes', 'safetensors'],
    ...['template-flow', 'template-prompts', 'tokenizer-meaning', 'trial-verdict'],
  ],
  server: ['chat', 'heartbeat', 'proven-request', 'routes'],
  verification: ['audit-work', 'audits'],
  web: ['amounts'],
};

/** Folders of the sources that a room's tests are about. */
const sourcesOf = (room: string): string => (['web', 'packaging'].includes(room) ? room : `src/${room}`);

const isOfOne = (room: string, name: string): boolean =>
  room === name ||
  (room !== '' &&
    globSync([`${sourcesOf(room)}/**/${name}.{ts,tsx}`, `${sourcesOf(room)}/**/${name}/`]).length > 0);

const tests = globSync('test/unit/**/*.test.ts').map((path) => ({
  path,
  room: path.split('/').length > 3 ? path.split('/')[2]! : '',
  name: basename(path, '.test.ts'),
}));

test('a unit test is named after a source file or folder of its room, or is listed here', () => {
  const unmapped = tests
    .filter(({ room, name }) => !isOfOne(room, name) && !OF_SEVERAL[room]?.includes(name))
    .map(({ path }) => path);
  assert.deepEqual(unmapped, [], 'name it after the file that it tests, or add it to OF_SEVERAL');
});

test('the list has no test that is gone or that is named after a file', () => {
  const stale = Object.entries(OF_SEVERAL).flatMap(([room, names]) =>
    names
      .filter((name) => isOfOne(room, name) || !tests.some((one) => one.room === room && one.name === name))
      .map((name) => `${room}/${name}`),
  );
  assert.deepEqual(stale, [], 'take it off OF_SEVERAL');
});
