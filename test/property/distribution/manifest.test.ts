import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError } from '#base';
import { SigningKey } from '#crypto';
import { openManifest, signManifest } from '#distribution';
import { tinyManifest } from '../../support/manifest.ts';

const sealed = signManifest(tinyManifest(), new SigningKey(new Uint8Array(32).fill(9)));

test('a changed byte anywhere, a cut, or noise is refused with a code', () => {
  const refuse = (bytes: Uint8Array) =>
    assert.throws(
      () => openManifest(bytes),
      (error) => error instanceof BitorchError,
    );
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = sealed.slice();
      changed[at]! ^= flip;
      refuse(changed);
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.nat(sealed.length - 1), (length) => refuse(sealed.slice(0, length))));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refuse));
});
