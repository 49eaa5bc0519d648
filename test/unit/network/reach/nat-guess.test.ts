import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sightings } from '../../../../src/network/reach/nat-guess.ts';

const HOST = '8.8.8.8';

test('the same mapping for all peers is a cone, different ones are symmetric, one peer says nothing', () => {
  const sightings = new Sightings(() => 0);
  assert.equal(sightings.kind([]), 'unknown');
  sightings.note('a', { host: HOST, port: 1000 });
  assert.equal(sightings.kind([]), 'unknown');
  sightings.note('b', { host: HOST, port: 1000 });
  assert.equal(sightings.kind([]), 'cone');
  sightings.note('c', { host: HOST, port: 1001 });
  assert.equal(sightings.kind([]), 'symmetric');
  assert.equal(sightings.kind([HOST]), 'none');
});

test('a peer that says something else again and again has one say', () => {
  const sightings = new Sightings(() => 0);
  sightings.note('a', { host: HOST, port: 1000 });
  sightings.note('b', { host: HOST, port: 1000 });
  for (let port = 1; port < 100; port++) sightings.note('liar', { host: '9.9.9.9', port });
  assert.equal(sightings.host, HOST);
  assert.deepEqual(sightings.endpoints[0], { host: HOST, port: 1000 });
  assert.equal(sightings.endpoints.length, 2);
});

test('sightings expire, and a crowd of groups is bounded', () => {
  let now = 0;
  const sightings = new Sightings(() => now);
  for (let group = 0; group < 1000; group++) sightings.note(`${group}`, { host: HOST, port: group + 1 });
  assert.equal(sightings.endpoints.length, 16);
  now = 31 * 60_000;
  assert.deepEqual(sightings.endpoints, []);
  assert.equal(sightings.host, undefined);
});
