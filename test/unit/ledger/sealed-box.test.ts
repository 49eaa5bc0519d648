import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argon2id } from '@noble/hashes/argon2.js';
import sodium from 'sodium-native';
import { utf8 } from '#base';
import { openWithPassword, sealWithPassword } from '#crypto';

const CHEAP = { passes: 2, memoryKiB: 64 };
const message = utf8('twenty-four words');

test('a box opens with its password only, and not after any of its bytes has changed', () => {
  const sealed = sealWithPassword('correct', message, CHEAP);
  assert.deepEqual(openWithPassword('correct', sealed), message);
  assert.throws(() => openWithPassword('Correct', sealed), { code: 'PASSWORD_WRONG' });
  for (let i = 0; i < sealed.length; i++) {
    if (i >= 18 && i < 24) continue; // The upper bytes of the costs: refused as too dear, or slow to try.
    const changed = sealed.with(i, sealed[i]! ^ 1);
    assert.throws(() => openWithPassword('correct', changed), { code: /^(PASSWORD_WRONG|SEALED_INVALID)$/ });
  }
  for (const cut of [0, 10, 63, sealed.length - 1]) {
    assert.throws(() => openWithPassword('correct', sealed.subarray(0, cut)), {
      code: /^(PASSWORD_WRONG|SEALED_INVALID)$/,
    });
  }
});

test('two boxes of the same message differ, and a file cannot ask for endless work', () => {
  assert.notDeepEqual(sealWithPassword('x', message, CHEAP), sealWithPassword('x', message, CHEAP));
  const sealed = sealWithPassword('x', message, CHEAP);
  assert.throws(() => openWithPassword('x', sealed.with(23, 255)), { code: 'SEALED_INVALID' });
  assert.throws(() => openWithPassword('x', sealed.with(17, 255)), { code: 'SEALED_INVALID' });
});

test('the password is normalised: the same letters from another keyboard open the box', () => {
  const sealed = sealWithPassword('caf\u00e9', message, CHEAP);
  assert.deepEqual(openWithPassword('cafe\u0301', sealed), message);
});

test("Argon2id is RFC 9106's: equal to another implementation's", () => {
  const [key, salt] = [new Uint8Array(32), new Uint8Array(16).fill(7)];
  sodium.crypto_pwhash(key, utf8('password'), salt, 2, 64 * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13);
  assert.deepEqual(key, argon2id('password', salt, { t: 2, m: 64, p: 1, dkLen: 32 }));
});
