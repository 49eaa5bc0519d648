import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex, utf8, z } from '#base';
import { openSigned, SigningKey, sealSigned, verifySignature } from '#crypto';

test('keys are RFC 8032 Ed25519 keys', () => {
  const key = new SigningKey(fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'));
  assert.equal(toHex(key.publicKey), 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
});

test('a signature holds for its purpose, message and key only', () => {
  const key = SigningKey.generate();
  const message = utf8('hello');
  const signature = key.sign('greeting', message);
  assert.ok(verifySignature('greeting', message, signature, key.publicKey));
  assert.ok(!verifySignature('farewell', message, signature, key.publicKey));
  assert.ok(!verifySignature('greeting', utf8('hallo'), signature, key.publicKey));
  assert.ok(!verifySignature('greeting', message, signature, SigningKey.generate().publicKey));
  assert.ok(!verifySignature('greeting', message, signature.subarray(1), key.publicKey));
  assert.ok(!verifySignature('greeting', message, signature, new Uint8Array(32).fill(255)));
});

test('a signed message opens to its value, any changed bit is refused', () => {
  const key = SigningKey.generate();
  const schema = z.strictObject({ n: z.number() });
  const sealed = sealSigned('number', { n: 7 }, key);
  assert.deepEqual(openSigned('number', schema, sealed, key.publicKey, 100), { n: 7 });
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = sealed.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => openSigned('number', schema, changed, key.publicKey, 100));
  }
});
