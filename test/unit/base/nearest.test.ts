import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '#base';

test('a misspelt word finds the candidate that was meant', () => {
  const candidates = ['slots', 'linkPort', 'swarmPort', 'light'];
  assert.equal(nearest('slot', candidates), 'slots');
  assert.equal(nearest('sltos', candidates), 'slots');
  assert.equal(nearest('linkport', candidates), 'linkPort');
  assert.equal(nearest('swarnPort', candidates), 'swarmPort');
});

test('nothing similar, no guess; long words cost nothing', () => {
  assert.equal(nearest('colour', ['slots', 'light']), undefined);
  assert.equal(nearest('x', []), undefined);
  assert.equal(nearest('a'.repeat(100_000), ['a'.repeat(99_999)]), undefined);
});
