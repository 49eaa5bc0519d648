import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission, type Place } from '#base';

type Given = { isIdle?: boolean; worth?: number };
const place = (groups: readonly string[], { isIdle = false, worth = 0 }: Given = {}): Place => ({
  groups,
  isIdle,
  worth,
});

function admissionOf(limits: ConstructorParameters<typeof Admission>[0], places: readonly Place[]) {
  const admission = new Admission<Place>(limits);
  for (const each of places) admission.add(each);
  return admission;
}

test('room: a total, and a limit for a group of each level', () => {
  const first = place(['a', 'x']);
  const admission = admissionOf({ total: 4, groups: [2, 1] }, [first]);
  assert.equal(admission.hasRoom(['a', 'x']), false, 'one place of an identity');
  assert.equal(admission.hasRoom(['b', 'x']), false, 'wherever it comes from');
  admission.add(place(['a', 'y']));
  assert.equal(admission.hasRoom(['a', 'z']), false);
  assert.equal(admission.hasRoom(['b', 'z']), true);
  for (const each of [first, first]) admission.delete(each);
  assert.equal(admission.hasRoom(['a', 'x']), true);
  for (const id of ['p', 'q', 'r']) admission.add(place([id, id]));
  assert.equal(admission.hasRoom(['s', 's']), false);
});

test('idle places go first, of whoever has most, the least useful one', () => {
  const idle = place(['b'], { isIdle: true, worth: 1 });
  const [worse, better] = [1, 2].map((worth) => place(['a'], { isIdle: true, worth }));
  const busy = place(['a'], { worth: -1 });
  const admission = admissionOf({ total: 4 }, [idle, better!, worse!, busy]);
  assert.equal(admission.evictable(['c']), worse);
  admission.delete(worse!);
  admission.delete(better!);
  assert.equal(admission.evictable(['c']), idle);
});

test('a place in use goes to whoever holds at least two fewer, the least useful one', () => {
  const hoard = [5, 2, 9].map((worth) => place(['a'], { worth }));
  const admission = admissionOf({ total: 6 }, [...hoard, place(['b']), place(['b']), place(['c'])]);
  assert.equal(admission.evictable(['d']), hoard[1]);
  assert.equal(admission.evictable(['c']), hoard[1]);
  assert.equal(admission.evictable(['b']), undefined, 'one less than the most is a fair share');
});

test('where a group has all that it may have, only its own places change hands', () => {
  const [young, idle] = [place(['a', 'x']), place(['a', 'y'], { isIdle: true, worth: 9 })];
  const others = place(['b', 'z'], { isIdle: true });
  const admission = admissionOf({ total: 64, groups: [2] }, [young, idle, others]);
  assert.equal(admission.evictable(['a', 'new']), idle);
  admission.delete(idle);
  admission.add(place(['a', 'x']));
  assert.equal(admission.evictable(['a', 'new']), young, 'identities of an address share its places');
  assert.equal(admission.evictable(['a', 'x']), undefined);
});

test('a new identity does not help an address that holds more than the one it would take from', () => {
  const honest = [1, 2].map(() => place(['home', 'alice']));
  const crowd = ['m1', 'm2', 'm3'].map((id) => place(['farm', id]));
  const admission = admissionOf({ total: 5 }, [...honest, ...crowd]);
  assert.equal(admission.evictable(['farm', 'm4']), undefined);
  assert.equal(admission.evictable(['new', 'bob'])?.groups[0], 'farm');
});

test('a place of infinite worth is never evicted', () => {
  const kept = [1, 2, 3].map(() => place(['a'], { isIdle: true, worth: Infinity }));
  assert.equal(admissionOf({ total: 3 }, kept).evictable(['b']), undefined);
});

test('a newcomer of whom less is known has no claim on that level', () => {
  const admission = admissionOf(
    { total: 3 },
    ['x', 'x', 'x'].map((id) => place(['a', id])),
  );
  assert.equal(admission.evictable(['a']), undefined);
  assert.ok(admission.evictable(['b']));
});
