import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openApplication } from '#consensus';
import { encode } from '#ledger';
import { openLmdbStore } from '#store';
import { answerIn } from '../../../src/consensus/application/queries/answers.ts';
import { QUESTIONS } from '../../../src/consensus/application/queries/questions.ts';
import { ReaderThread } from '../../../src/consensus/application/queries/reader-thread.ts';
import { begin, founders, grow, TestChain } from '../../support/consensus/application.ts';

const POOL = { count: 3, bytes: 700 };
const ASKED = {
  '/status': {},
  '/roots': {},
  '/totals': { from: 0 },
  '/proven-outputs': { from: 3, to: 9, count: 20 },
  '/proven-outputs-at': { numbers: [0, 7], count: 13 },
} as const;

test('a thread answers what this one would, of the state after the last block', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bitorch-reader-'));
  const path = join(folder, 'state.mdb');
  const store = openLmdbStore(path);
  const reader = new ReaderThread(path);
  t.after(async () => {
    await reader.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const chain = await TestChain.begun(founders[0], { store, reader });
  for (let height = 1; height <= 2; height++) {
    await grow(chain);
    for (const [name, asked] of Object.entries(ASKED)) {
      const { question } = QUESTIONS[name as keyof typeof ASKED];
      const whole = { path: name, data: encode(question as never, asked as never), height: 0, prove: false };
      const { costMs, ...answer } = await reader.answer(whole, POOL);
      assert.deepEqual(answer, answerIn(store, POOL, whole), name);
      assert.equal(answer.height, height);
      assert.ok(costMs >= 0);
    }
  }
  const asked = { path: '/roots', data: Uint8Array.of(1), height: 0, prove: false };
  await assert.rejects(reader.answer(asked, POOL), { code: 'CODEC_INVALID' });
  await assert.rejects(reader.answer({ ...asked, path: '/nothing' }, POOL), { code: 'QUERY_INVALID' });
  await assert.rejects(reader.answer({ ...asked, data: new Uint8Array(0), height: 1 }, POOL), {
    code: 'QUERY_INVALID',
  });
});

test('an application on a disk answers in its thread, and ends it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'bitorch-reader-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const { application, stop } = await openApplication({ directory });
  const question = { path: '/roots', data: new Uint8Array(0) };
  const { log } = await application.query(question);
  assert.match(log, /has not begun/);
  await begin(application);
  const { code, costMs } = await application.query(question);
  assert.equal(code, 0);
  assert.ok(costMs !== undefined, 'the thread says what it took');
  const last = application.query(question);
  await stop();
  assert.equal((await last).code, 0);
});
