import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesIn, fieldsOf } from '../../../web/settings/limit-fields.ts';

const NONE = { diskBytes: null, uploadRate: null, downloadRate: null, hours: null, pauseOnBattery: false };
const SOME = {
  diskBytes: 1_234_567_890,
  uploadRate: 500,
  downloadRate: 2000,
  hours: '22:00-07:00',
  pauseOnBattery: true,
};

test('limits are shown as people type them, and what was not touched is not changed', () => {
  assert.deepEqual(fieldsOf(NONE), { disk: '', upload: '', download: '', from: '', to: '', battery: false });
  assert.deepEqual(fieldsOf(SOME), {
    ...{ disk: '1.235', upload: '500', download: '2000', from: '22:00', to: '07:00', battery: true },
  });
  for (const limits of [NONE, SOME]) assert.deepEqual(changesIn(fieldsOf(limits), limits), {});
});

test('what was typed becomes limits, and what was emptied lifts them', () => {
  const typed = {
    disk: ' 2,5',
    upload: '16 ',
    download: '10000000',
    from: '08:00',
    to: '18:30',
    battery: true,
  };
  assert.deepEqual(changesIn(typed, NONE), {
    ...{ diskBytes: 2_500_000_000, uploadRate: 16, downloadRate: 10_000_000, hours: '08:00-18:30' },
    pauseOnBattery: true,
  });
  assert.deepEqual(changesIn(fieldsOf(NONE), SOME), NONE);
  assert.deepEqual(changesIn({ ...fieldsOf(SOME), to: '06:00' }, SOME), { hours: '22:00-06:00' });
});

test('what is no limit is refused in words', () => {
  const refused = (field: Record<string, string>, message: RegExp) =>
    assert.throws(() => changesIn({ ...fieldsOf(NONE), ...field }, NONE), message);
  for (const disk of ['0', '-1', '1e3', 'lots', '0x10', '1.2.3', '12345678']) refused({ disk }, /GB/);
  for (const upload of ['15', '1.5', '-20', 'fast', '10000001']) refused({ upload }, /^Error: Upload must/);
  refused({ download: '1' }, /^Error: Download must/);
  refused({ from: '08:00' }, /both/);
  refused({ from: '08:00', to: '08:00' }, /the same/);
});
