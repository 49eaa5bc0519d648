import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError, concat } from '#base';
import { decodeLinkOffer, encodeLinkOffer } from '../../../src/network/links.ts';
import { Opener, Sealer } from '../../../src/network/seal.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 });
const frames = fc.array(parts, { minLength: 1, maxLength: 6 });
/** What travels, without the lengths. */
const sealAll = (sealer: Sealer, sent: Uint8Array[][]) => sent.map((frame) => sealer.seal(frame).slice(4));

test('sealed frames open to what was sealed, in their order', () => {
  fc.assert(
    fc.property(key, frames, (k, sent) => {
      const opener = new Opener(k);
      const opened = sealAll(new Sealer(k), sent).map((sealed) => opener.open(sealed));
      assert.deepEqual(
        opened.map((frame) => [...frame]),
        sent.map((frame) => [...concat(frame)]),
      );
    }),
  );
});

test('a frame that is kept stays as it is whatever is sealed after it', () => {
  fc.assert(
    fc.property(key, frames, (k, sent) => {
      const sealer = new Sealer(k);
      const kept = sent.map((frame) => {
        const sealed = sealer.seal(frame);
        sealer.keep();
        return sealed.subarray(4);
      });
      assert.deepEqual(kept, sealAll(new Sealer(k), sent));
    }),
  );
});

test('a frame that is changed, cut, repeated, left out or for another key does not open', () => {
  fc.assert(
    fc.property(key, key, frames, fc.nat(), (k, other, sent, at) => {
      fc.pre(Buffer.compare(k, other) !== 0);
      const refused = (opener: Opener, sealed: Uint8Array) =>
        assert.throws(() => opener.open(sealed.slice()), { code: 'SEAL_INVALID' });
      const [first, second] = sealAll(new Sealer(k), [...sent, []]) as [Uint8Array, Uint8Array];
      const changed = first.slice();
      changed[at % changed.length]! ^= 1 << (at % 8);
      refused(new Opener(k), changed);
      refused(new Opener(k), first.subarray(0, at % first.length));
      refused(new Opener(k), second);
      refused(new Opener(other), first);
      const opener = new Opener(k);
      opener.open(first.slice());
      refused(opener, first);
    }),
  );
});

test('a link offer decodes to what was encoded; anything else is refused with an error of ours', () => {
  const port = fc.oneof(fc.constant(0), fc.integer({ min: 1024, max: 65_535 }));
  fc.assert(
    fc.property(port, key, (p, secret) => {
      assert.deepEqual({ ...decodeLinkOffer(encodeLinkOffer({ port: p, secret })) }, { port: p, secret });
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => decodeLinkOffer(bytes), BitorchError);
    }),
  );
  const secret = new Uint8Array(32);
  for (const offer of [
    { port: 80, secret },
    { port: 65_536, secret },
    { port: 4000, secret: secret.subarray(1) },
  ]) {
    assert.throws(() => decodeLinkOffer(encodeLinkOffer(offer)), { code: 'SCHEMA_INVALID' });
  }
});
