import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../../../web/format.ts';
import { coverageOf } from '../../../web/network/coverage.ts';
import { MODEL, network } from '../../support/scripted-node.ts';

test('numbers carry their unit and never round to the next one', () => {
  assert.equal(format.bytes(0), '0 B');
  assert.equal(format.bytes(999), '999 B');
  assert.equal(format.bytes(999_950), '1.0 MB');
  assert.equal(format.bytes(93_400_000), '93.4 MB');
  assert.equal(format.bytes(934_000_000), '934 MB');
  assert.equal(format.rate(12_500_000), '12.5 MB/s');
  assert.equal(format.duration(184.2), '184 ms');
  assert.equal(format.duration(999.7), '1.00 s');
  assert.equal(format.duration(2400), '2.40 s');
  assert.equal(format.duration(75_000), '75 s');
  assert.equal(format.count(1, 'token'), '1 token');
  assert.equal(format.count(2048, 'token'), '2,048 tokens');
  assert.equal(format.ago(12_000), '12 s ago');
  assert.equal(format.ago(7_200_000), '2 h ago');
});

test('a part is never shown as the whole', () => {
  assert.equal(format.percent(999_999, 1_000_000), '99 %');
  assert.equal(format.percent(1, 1), '100 %');
  assert.equal(format.percent(0, 0), '0 %');
});

test('blocks are shown with both ends, a hash with both its ends', () => {
  assert.equal(format.blockRange({ first: 0, end: 10 }), '0–9');
  assert.equal(format.blockRange({ first: 4, end: 5 }), '4');
  assert.equal(format.shortHash('0123456789abcdef0123456789abcdef'), '0123456789…89abcdef');
});

test('coverage counts reachable nodes only', () => {
  const { nodes } = network();
  assert.deepEqual(coverageOf(MODEL, nodes), new Array(30).fill(1));
  nodes.find(({ name }) => name === 'birch')!.state = 'unreachable';
  const coverage = coverageOf(MODEL, nodes);
  assert.deepEqual(coverage.slice(10, 20), new Array(10).fill(0));
  assert.equal(coverage[9], 1);
});
