import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argon2id } from '@noble/hashes/argon2.js';
import sodium from 'sodium-native';
import { utf8 } from '#base';
import { openWithPassword, PasswordCheck, sealWithPassword } from '#crypto';

const CHEAP = { passes: 2, memoryKiB: 64 };
const message = utf8('twenty-four words');

test('a box opens with its password only, and not after any of its bytes has changed', async () => {
  const sealed = await sealWithPassword('correct', message, CHEAP);
  assert.deepEqual(await openWithPassword('correct', sealed), message);
  await assert.rejects(openWithPassword('Correct', sealed), { code: 'PASSWORD_WRONG' });
  for (let i = 0; i < sealed.length; i++) {
    if (i >= 18 && i < 24) continue; // The upper bytes of the costs: refused as too dear, or slow to try.
    const changed = sealed.with(i, sealed[i]! ^ 1);
    await assert.rejects(openWithPassword('correct', changed), { code: /^(PASSWORD_WRONG|SEALED_INVALID)$/ });
  }
  for (const cut of [0, 10, 63, sealed.length - 1]) {
    await assert.rejects(openWithPassword('correct', sealed.subarray(0, cut)), {
      code: /^(PASSWORD_WRONG|SEALED_INVALID)$/,
    });
  }
});

test('two boxes of the same message differ, and a file cannot ask for endless work', async () => {
  assert.notDeepEqual(
    await sealWithPassword('x', message, CHEAP),
    await sealWithPassword('x', message, CHEAP),
  );
  const sealed = await sealWithPassword('x', message, CHEAP);
  await assert.rejects(openWithPassword('x', sealed.with(23, 255)), { code: 'SEALED_INVALID' });
  await assert.rejects(openWithPassword('x', sealed.with(17, 255)), { code: 'SEALED_INVALID' });
});

test('the password is normalised: the same letters from another keyboard open the box', async () => {
  const sealed = await sealWithPassword('caf\u00e9', message, CHEAP);
  assert.deepEqual(await openWithPassword('cafe\u0301', sealed), message);
});

test('passwords are compared by their keys', async () => {
  const check = await PasswordCheck.of('caf\u00e9', CHEAP);
  assert.equal(await check.matches('cafe\u0301'), true);
  assert.equal(await check.matches('cafe'), false);
  assert.equal(await check.matches(''), false);
});

test("Argon2id is RFC 9106's: equal to another implementation's", () => {
  const [key, salt] = [new Uint8Array(32), new Uint8Array(16).fill(7)];
  sodium.crypto_pwhash(key, utf8('password'), salt, 2, 64 * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13);
  assert.deepEqual(key, argon2id('password', salt, { t: 2, m: 64, p: 1, dkLen: 32 }));
});
