/** Attestations come from anybody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError } from '#base';
import { openAttestation } from '../../../src/security/clearance/attestation.ts';
import { attest, authority } from '../../support/attestation.ts';

const alice = await authority(1);

test('any bytes are refused with a code, and so is any one changed bit of a good attestation', () => {
  const good = attest(alice);
  assert.equal(openAttestation(good).name, 'tiny');
  const refused = (sealed: Uint8Array) =>
    assert.throws(() => openAttestation({ authority: alice.id, sealed }), BitorchError);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), refused), { numRuns: 1000 });
  fc.assert(
    fc.property(fc.nat(8 * good.sealed.length - 1), (bit) => {
      const sealed = good.sealed.slice();
      sealed[bit >> 3]! ^= 1 << (bit & 7);
      refused(sealed);
    }),
  );
  fc.assert(fc.property(fc.nat(good.sealed.length - 1), (length) => refused(good.sealed.slice(0, length))));
});
