import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BitorchError } from '#base';
import { OpenWallet } from '../../../src/ledger/wallet/open-wallet.ts';
import { PasswordThrottle } from '../../../src/node/wallet/password-throttle.ts';

test('wrong passwords cost a wait that doubles, and the right one ends it', async () => {
  let now = 0;
  let tried = 0;
  const throttle = new PasswordThrottle(() => now);
  const guess = (right: boolean) =>
    throttle.try(async () => {
      tried++;
      if (!right) throw new BitorchError('PASSWORD_WRONG', 'wrong');
    });
  for (const wait of [0, 0, 1_000, 2_000, 4_000]) {
    await assert.rejects(guess(false), { code: 'PASSWORD_WRONG' });
    const before = tried;
    if (wait === 0) continue;
    now += wait - 1;
    await assert.rejects(guess(true), { code: 'PASSWORD_THROTTLED', message: /try again in 1 s/ });
    assert.equal(tried, before, 'it is not tried, right or wrong');
    now += 1;
  }
  await guess(true);
  await assert.rejects(guess(false), { code: 'PASSWORD_WRONG' });
  await guess(true);
  for (let i = 0; i < 40; i++) {
    await assert.rejects(guess(false), { code: 'PASSWORD_WRONG' });
    now += 300_000;
  }
});

test('guesses that come at once are as few as those that come one after the other', async () => {
  let tried = 0;
  const throttle = new PasswordThrottle(() => 0);
  const guesses = Array.from({ length: 200 }, () =>
    throttle.try(async () => {
      tried++;
      await new Promise((resolve) => setImmediate(resolve));
      throw new BitorchError('PASSWORD_WRONG', 'wrong');
    }),
  );
  const codes = (await Promise.allSettled(guesses)).map(
    (guess) => guess.status === 'rejected' && (guess.reason as BitorchError).code,
  );
  assert.equal(tried, 3);
  assert.equal(codes.filter((code) => code === 'PASSWORD_THROTTLED').length, 197);
});

test('other failures are no guesses', async () => {
  const throttle = new PasswordThrottle(() => 0);
  for (let i = 0; i < 9; i++) {
    const failing = throttle.try(() => Promise.reject(new BitorchError('WALLET_INVALID', 'damaged')));
    await assert.rejects(failing, { code: 'WALLET_INVALID' });
  }
});

test('an open wallet compares passwords by their keys, the new one after a change', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-password-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const cost = { passes: 1, memoryKiB: 64 };
  const open = await OpenWallet.create({ path: join(folder, 'wallet'), password: 'first one', cost });
  await open.requirePassword('first one');
  await assert.rejects(open.requirePassword('First one'), { code: 'PASSWORD_WRONG' });
  await open.changePassword('second one');
  await assert.rejects(open.requirePassword('first one'), { code: 'PASSWORD_WRONG' });
  await open.requirePassword('second one');
  await open.close();
});
