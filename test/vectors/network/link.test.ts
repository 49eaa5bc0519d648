import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, toHex } from '#base';
import { deriveLinkKeys, Sealer } from '../../../src/network/seal.ts';

const vector = JSON.parse(readFileSync(new URL('./link.json', import.meta.url), 'utf8')) as {
  secret: string;
  dialler: string;
  listener: string;
  token: string;
  diallerKey: string;
  listenerKey: string;
  /** Frames that the dialler sends one after the other, and how they travel. */
  frames: { frame: string; sealed: string }[];
};
const keys = deriveLinkKeys(fromHex(vector.secret), vector);

test('a secret and two peer ids give these very keys', () => {
  assert.equal(toHex(keys.token), vector.token);
  assert.equal(toHex(keys.dialler), vector.diallerKey);
  assert.equal(toHex(keys.listener), vector.listenerKey);
});

test('frames travel as these very bytes, and another implementation of the cipher opens them', () => {
  const sealer = new Sealer(keys.dialler);
  for (const [count, { frame, sealed }] of vector.frames.entries()) {
    assert.equal(toHex(sealer.seal([fromHex(frame)])), sealed);
    const bytes = fromHex(sealed);
    assert.equal(new DataView(bytes.buffer).getUint32(0, true), bytes.length - 4);
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64LE(BigInt(count), 4);
    const decipher = createDecipheriv('chacha20-poly1305', keys.dialler, nonce, { authTagLength: 16 });
    decipher.setAuthTag(bytes.subarray(-16));
    const message = decipher.update(bytes.subarray(4, -16));
    decipher.final();
    assert.equal(toHex(message), frame);
  }
});
