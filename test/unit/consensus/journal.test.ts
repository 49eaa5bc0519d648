import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { replaceFile, utf8 } from '#base';
import { PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { LastSign, WriteAheadLog } from '../../../src/consensus/journal/index.ts';
import { RecordLog } from '../../../src/consensus/journal/record-log.ts';
import { SmallDisk } from '../../support/consensus/full-disk.ts';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'bitorch-journal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const texts = (records: Uint8Array[]) => records.map((record) => Buffer.from(record).toString());

test('a log that was cut anywhere gives back its whole records, and goes on behind them', (t) => {
  const folder = folderFor(t);
  const path = join(folder, 'log');
  const { log } = RecordLog.open(path);
  for (const text of ['one', 'two', '', 'four']) log.append(utf8(text));
  log.close();
  const whole = readFileSync(path);
  for (let length = 0; length <= whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    const cut = RecordLog.open(path);
    const kept = texts(cut.records);
    assert.deepEqual(kept, ['one', 'two', '', 'four'].slice(0, kept.length));
    cut.log.append(utf8('after'));
    cut.log.close();
    const again = RecordLog.open(path);
    assert.deepEqual(texts(again.records), [...kept, 'after']);
    again.log.close();
  }
});

test('a flipped bit is an error that says what to do, unless it may be what a crash left of the last record', (t) => {
  const path = join(folderFor(t), 'log');
  const { log } = RecordLog.open(path);
  for (const text of ['one', 'two', 'three']) log.append(utf8(text));
  log.close();
  const whole = readFileSync(path);
  const last = whole.length - 'three'.length;
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1;
    writeFileSync(path, damaged);
    if (at < last) {
      assert.throws(() => RecordLog.open(path), { code: 'JOURNAL_DAMAGED', message: /Restore the file/ });
      assert.deepEqual(readFileSync(path), damaged, 'and nothing is cut');
    } else {
      const { log, records } = RecordLog.open(path);
      log.close();
      assert.deepEqual(texts(records), ['one', 'two']);
    }
  }
});

test('space that was never written behind the last record is cut away', (t) => {
  const path = join(folderFor(t), 'log');
  const { log } = RecordLog.open(path);
  log.append(utf8('one'));
  log.close();
  const whole = readFileSync(path);
  appendFileSync(path, new Uint8Array(4_096));
  const { log: again, records } = RecordLog.open(path);
  again.close();
  assert.deepEqual(texts(records), ['one']);
  assert.deepEqual(readFileSync(path), whole);
});

test('a full disk refuses the record, leaves no half of it, and takes it when there is space', (t) => {
  const path = join(folderFor(t), 'log');
  const disk = new SmallDisk(30);
  const { log } = RecordLog.open(path, disk.open);
  log.append(utf8('fits'));
  assert.throws(() => log.append(utf8('far too long for what is left')), {
    code: 'JOURNAL_FULL',
    message: /free disk space/,
  });
  disk.room = 1000;
  log.append(utf8('fits now'));
  log.close();
  const { log: again, records } = RecordLog.open(path);
  again.close();
  assert.deepEqual(texts(records), ['fits', 'fits now']);
});

test('each height has a file of its own; old ones go', (t) => {
  const folder = folderFor(t);
  const wal = new WriteAheadLog({ folder, keep: 2 });
  for (let height = 1; height <= 5; height++) {
    assert.deepEqual(wal.open(height), []);
    wal.append(utf8(`of ${height}`));
    wal.sync();
  }
  wal.close();
  assert.equal(readdirSync(folder).length, 3);
  const resumed = new WriteAheadLog({ folder });
  assert.deepEqual(texts(resumed.open(5)), ['of 5']);
  assert.deepEqual(texts(resumed.recordsOf(4)), ['of 4']);
  assert.deepEqual(resumed.recordsOf(1), []);
  resumed.close();
});

const step = (height: number, round: number, kind: 1 | 2, text: string) => ({
  height,
  round,
  step: kind,
  bytes: utf8(text),
});
const signature = (byte: number) => new Uint8Array(64).fill(byte);

test('nothing is signed twice in one step, nor behind the last one, restarts or not', (t) => {
  const path = join(folderFor(t), 'last-sign');
  let guard = new LastSign(path);
  const sign = (what: ReturnType<typeof step>, byte = 1) => guard.sign(what, () => signature(byte));
  sign(step(5, 1, PREVOTE, 'A'));
  for (const restarted of [false, true]) {
    if (restarted) guard = new LastSign(path);
    assert.deepEqual(sign(step(5, 1, PREVOTE, 'A'), 9), signature(1), 'the same again gives the same');
    for (const refused of [
      step(5, 1, PREVOTE, 'B'),
      step(5, 0, PRECOMMIT, 'A'),
      step(4, 7, PRECOMMIT, 'A'),
    ]) {
      assert.throws(() => sign(refused), { code: 'DOUBLE_SIGN_REFUSED' });
    }
  }
  sign(step(5, 1, PRECOMMIT, 'B'), 2);
  sign(step(6, 0, PREVOTE, 'C'), 3);
  assert.equal(new LastSign(path).last!.height, 6);
});

test('a record that cannot be written gives out no signature, then the same one only', (t) => {
  const path = join(folderFor(t), 'last-sign');
  let full = true;
  const guard = new LastSign(path, (...write) => {
    if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    replaceFile(...write);
  });
  const sign = (what: ReturnType<typeof step>) => guard.sign(what, () => signature(1));
  assert.throws(() => sign(step(1, 0, PREVOTE, 'A')), { code: 'JOURNAL_FULL' });
  assert.throws(() => sign(step(1, 0, PREVOTE, 'A')), { code: 'JOURNAL_FULL' });
  full = false;
  assert.throws(() => sign(step(1, 0, PREVOTE, 'B')), { code: 'DOUBLE_SIGN_REFUSED' });
  sign(step(1, 0, PREVOTE, 'A'));
  assert.equal(new LastSign(path).last!.round, 0);
});

test('a damaged record stops the validator', (t) => {
  const path = join(folderFor(t), 'last-sign');
  new LastSign(path).sign(step(1, 0, PREVOTE, 'A'), () => signature(1));
  appendFileSync(path, 'x');
  assert.throws(() => new LastSign(path), { code: 'LAST_SIGN_DAMAGED', message: /new key/ });
  writeFileSync(path, '');
  assert.throws(() => new LastSign(path), { code: 'LAST_SIGN_DAMAGED' });
});
