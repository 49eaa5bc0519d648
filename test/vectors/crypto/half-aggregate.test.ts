import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex } from '#base';
import { defaultCurve, isAggregate } from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';
import { halfAggregateVectors } from './make-half-aggregate.ts';

const pinned = JSON.parse(
  readFileSync(new URL('half-aggregate.json', import.meta.url), 'utf8'),
) as ReturnType<typeof halfAggregateVectors>;

test('the same signatures make the aggregates that are written down', () => {
  assert.deepEqual(halfAggregateVectors(), pinned);
});

test('the kernel and noble take the good ones and none of the bad ones', () => {
  for (const curve of [defaultCurve(), nobleCurve]) {
    for (const [expected, vectors] of [[true, pinned.good] as const, [false, pinned.bad] as const]) {
      for (const [what, { publicKeys, nonces, scalar }] of Object.entries(vectors)) {
        const aggregate = { nonces: nonces.map(fromHex), scalar: fromHex(scalar) };
        const joint = { message: fromHex(pinned.message), publicKeys: publicKeys.map(fromHex), aggregate };
        assert.equal(isAggregate(curve, joint), expected, `${what}, ${curve.implementation}`);
      }
    }
  }
});
