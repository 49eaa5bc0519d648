import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#base';
import { Notices } from '../../../src/node/peers/notices.ts';
import { SelfWatch } from '../../../src/node/peers/self-watch.ts';

const NOW = 1_900_000_000_000;
const HOUR_MS = 3_600_000;
const A = { name: 'a', isChosen: false };

function world() {
  let passed = 0;
  const warned: string[] = [];
  const log = {
    ...createLog('silent'),
    info: () => undefined,
    warn: (fields: { code: string }) => void warned.push(fields.code),
  };
  const notices = new Notices({ log: log as unknown as ReturnType<typeof createLog>, now: () => NOW });
  const watch = new SelfWatch({ notices, now: () => passed, date: () => NOW + passed });
  const pass = (ms: number) => {
    passed += ms;
    watch.look();
  };
  /** A peer announces itself twice, with its clock ahead by so much. */
  const announcesItself = (name: string, aheadMs: number, isChosen = false) => {
    watch.heardClock({ name, isChosen }, NOW + passed + aheadMs);
    pass(5_000);
    watch.heardClock({ name, isChosen }, NOW + passed + aheadMs);
  };
  const codes = () => notices.view().map(({ code }) => code);
  return { watch, notices, warned, pass, announcesItself, codes };
}

test('a clock that is off is said on either side, once in the log, until it is set', () => {
  for (const ahead of [HOUR_MS, -HOUR_MS, 130_000]) {
    const w = world();
    w.announcesItself('a', ahead);
    w.announcesItself('a', ahead);
    assert.deepEqual(w.codes(), ['CLOCK_OFF']);
    assert.match(w.notices.view()[0]!.message, ahead > 0 ? /behind/ : /ahead of/);
    assert.deepEqual(w.warned, ['CLOCK_OFF']);
    w.announcesItself('a', 500);
    assert.deepEqual(w.codes(), []);
  }
});

test('one wrong clock among several is not ours, however often it is heard', () => {
  const w = world();
  for (const peer of ['a', 'b']) w.announcesItself(peer, 0);
  for (let i = 0; i < 20; i++) w.announcesItself('c', HOUR_MS);
  assert.deepEqual(w.codes(), []);
});

test('a crowd that connects to a node says nothing against the nodes that it has chosen', () => {
  const w = world();
  const newer = ['/bitorch/node/nodes/4'];
  const hear = (name: string, isChosen: boolean, theirs: readonly string[]) =>
    w.watch.heardProtocols({ name, isChosen }, theirs, ['/bitorch/node/nodes/3']);
  w.announcesItself('chosen', 0, true);
  hear('chosen', true, ['/bitorch/node/nodes/3']);
  for (let i = 0; i < 400; i++) {
    w.watch.heardClock({ name: `stranger ${i % 300}`, isChosen: false }, NOW + HOUR_MS);
    hear(`stranger ${i}`, false, newer);
  }
  w.pass(5_000);
  for (let i = 0; i < 20; i++) w.announcesItself(`stranger ${i % 2}`, HOUR_MS);
  assert.deepEqual(w.codes(), []);
});

test('an announcement of a copy that has stopped, repeated by a stranger, keeps no notice alive', () => {
  const w = world();
  w.pass(5_000);
  const last = { time: NOW + 4_000, addresses: [] };
  w.watch.heardOwn(last);
  assert.deepEqual(w.codes(), ['IDENTITY_TWICE']);
  for (let minute = 0; minute < 20; minute++) {
    w.pass(60_000);
    w.watch.heardOwn(last);
  }
  assert.deepEqual(w.codes(), []);
});

test('announcements that waited while the machine slept say nothing of its clock', () => {
  const w = world();
  for (const ago of [20_000, 15_000, 10_000, 5_000]) w.watch.heardClock(A, NOW - 6 * HOUR_MS - ago);
  assert.deepEqual(w.codes(), []);
  w.pass(5_000);
  w.watch.heardClock(A, NOW + 5_000);
  assert.deepEqual(w.codes(), []);
});

test('newer protocols are told from older and from other ones', () => {
  const ours = ['/bitorch/node/nodes/3', '/bitorch/session/3', '/ipfs/id/1.0.0'];
  const cases: [string[], boolean][] = [
    [['/bitorch/node/nodes/4'], true],
    [['/bitorch/node/nodes/10', '/bitorch/session/3'], true],
    [['/bitorch/node/nodes/3', '/bitorch/node/nodes/4'], false],
    [['/bitorch/node/nodes/1'], false],
    [['/bitorch/other/9', '/ipfs/id/2.0.0', '', 'nonsense', '/bitorch/node/nodes/x'], false],
    [[], false],
  ];
  for (const [theirs, isOld] of cases) {
    const w = world();
    w.watch.heardProtocols(A, theirs, ours);
    assert.deepEqual(w.codes(), isOld ? ['VERSION_OLD'] : [], theirs.join());
  }
  const w = world();
  for (const peer of ['a', 'b']) w.watch.heardProtocols({ ...A, name: peer }, ours, ours);
  w.watch.heardProtocols({ ...A, name: 'c' }, ['/bitorch/node/nodes/4'], ours);
  assert.deepEqual(w.codes(), [], 'one of three is not enough');
});

test('an announcement with our key that we did not make is of a copy of us', () => {
  const w = world();
  const addresses = ['/ip4/192.0.2.1/tcp/1'];
  w.watch.announced({ time: NOW });
  w.watch.heardOwn({ time: NOW, addresses });
  w.watch.heardOwn({ time: NOW - 60_000, addresses });
  assert.deepEqual(w.codes(), [], 'our own, of now and of before a restart');
  w.pass(5_000);
  w.watch.heardOwn({ time: NOW + 4_000, addresses });
  assert.deepEqual(w.codes(), ['IDENTITY_TWICE']);
  assert.match(w.notices.view()[0]!.message, /192\.0\.2\.1/);
  w.pass(700_000);
  assert.deepEqual(w.codes(), []);
});
