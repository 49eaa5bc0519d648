import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BitorchError, codeOf } from '#base';
import { byUse, inTurns, usesOf } from '../../../src/node/models/model-use.ts';
import { fitIntoQuota } from '../../../src/node/security/disk-quota.ts';
import { FIRST_MS, fetchWhole, STALL_MS, TURN_MS } from '../../../src/node/security/examination-fetch.ts';
import { FairWorkers } from '../../../src/node/security/fair-workers.ts';

/** A torrent to which `coming` bytes come in each second. */
function torrentOf(t: TestContext, coming: (second: number) => number) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let [bytes, second] = [0, 0];
  const torrent = {
    metainfo: { files: [{ path: 'a', length: 1 << 30 }] } as never,
    want: () => undefined,
    wait: (_: unknown, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) =>
        signal!.addEventListener('abort', () => reject(signal!.reason)),
      ),
    progress: () => ({
      bytesHave: bytes,
      bytesTotal: 1 << 30,
      bytesWanted: 1 << 30,
      bytesWantedHave: bytes,
      downBytesPerSecond: 0,
      upBytesPerSecond: 0,
    }),
  };
  /** Lets a second pass. */
  const tick = () => {
    bytes += coming(second++);
    t.mock.timers.tick(1000);
  };
  return { torrent, tick };
}

/** After how many seconds a fetch ends, and how. */
async function endOf(t: TestContext, coming: (second: number) => number, othersWait: boolean, most = 2000) {
  const { torrent, tick } = torrentOf(t, coming);
  let code: string | undefined;
  const options = { onProgress: () => undefined, signal: t.signal, othersWait: () => othersWait };
  fetchWhole(torrent, options).catch((error: unknown) => {
    code = codeOf(error);
  });
  for (let seconds = 1; seconds <= most; seconds++) {
    tick();
    for (let n = 0; n < 4; n++) await Promise.resolve();
    if (code !== undefined) return [code, seconds];
  }
  return ['goes on', most];
}

test('a fetch to which nothing comes is given up', async (t) => {
  assert.deepEqual(await endOf(t, () => 0, false), ['FETCH_STALLED', FIRST_MS / 1000]);
});

test('a fetch that stops coming is given up', async (t) => {
  const begun = (second: number) => (second < 10 ? 100 : 0);
  assert.deepEqual(await endOf(t, begun, false), ['FETCH_STALLED', 10 + STALL_MS / 1000]);
});

test('a fetch that drips has its turn, and no more while others wait', async (t) => {
  const drips = (second: number) => (second % 10 === 0 ? 1 : 0);
  assert.deepEqual(await endOf(t, drips, true), ['FETCH_PAUSED', TURN_MS / 1000]);
});

test('a fetch that drips goes on while nobody waits', async (t) => {
  assert.deepEqual(await endOf(t, () => 1, false), ['goes on', 2000]);
});

/** Lanes whose tasks end when they are told to. */
function lanesOf(waiting: () => string[], groupOf: (id: string) => string | undefined = () => undefined) {
  const tasks = new Map<string, { end: () => void; fail: (error: unknown) => void }>();
  let time = 0;
  const lanes = new FairWorkers(
    { lanes: 4, lanesOfGroup: 2 },
    {
      waiting,
      groupOf,
      work: (id) => new Promise((end, fail) => tasks.set(id, { end, fail })),
      problemOf: (error) => (codeOf(error) === 'FETCH_PAUSED' ? undefined : String(error)),
      refresh: async () => undefined,
      signal: new AbortController().signal,
      now: () => time,
    },
  );
  const settle = async () => {
    for (let n = 0; n < 8; n++) await Promise.resolve();
  };
  return {
    lanes,
    active: () => waiting().filter((id) => lanes.isActive(id)),
    async fail(id: string, code = 'FETCH_STALLED') {
      tasks.get(id)!.fail(BitorchError.relayed(code, 'x'));
      await settle();
    },
    pass(ms: number) {
      time += ms;
    },
  };
}

test('a model that nobody delivers holds up no other one', () => {
  const { lanes, active } = lanesOf(() => ['never there', 'honest']);
  lanes.fill();
  assert.deepEqual(active(), ['never there', 'honest']);
});

test('one publisher’s models take a share of the lanes while others wait, and all when nobody does', () => {
  const names = Array.from({ length: 9 }, (_, n) => `flood ${n}`);
  const all = lanesOf(
    () => names,
    () => 'mallory',
  );
  all.lanes.fill();
  assert.equal(all.active().length, 4);
  const shared = lanesOf(
    () => [...names, 'honest'],
    (id) => (id === 'honest' ? 'alice' : 'mallory'),
  );
  shared.lanes.fill();
  assert.deepEqual(shared.active(), ['flood 0', 'flood 1', 'honest']);
});

test('of a publisher who becomes known only in the lane, what is beyond its share gives way', () => {
  const publishers = new Map<string, string>();
  const { lanes, active } = lanesOf(
    () => ['flood 0', 'flood 1', 'flood 2', 'flood 3', 'honest'],
    (id) => publishers.get(id),
  );
  lanes.fill();
  for (const id of active()) publishers.set(id, 'mallory');
  assert.deepEqual(
    active().map((id) => lanes.isBeyondShare(id)),
    [false, false, true, true],
  );
});

test('a flood of new models does not keep out those that had a turn, nor these the new ones', async () => {
  let made = 0;
  const flood: string[] = [];
  const { lanes, active, fail, pass } = lanesOf(() => ['honest', ...flood]);
  lanes.fill();
  await fail('honest');
  for (let n = 0; n < 100; n++) flood.push(`flood ${made++}`);
  pass(5_000);
  lanes.fill();
  assert.ok(active().includes('honest'));
  for (const id of active()) await fail(id, 'FETCH_PAUSED');
  flood.push('new');
  flood.unshift(flood.pop()!);
  lanes.fill();
  assert.ok(active().includes('new'));
});

test('what failed waits longer each time', async () => {
  const { lanes, active, fail, pass } = lanesOf(() => ['x']);
  for (const wait of [5_000, 10_000, 20_000]) {
    lanes.fill();
    await fail('x');
    pass(wait - 1);
    lanes.fill();
    assert.deepEqual(active(), []);
    pass(1);
  }
  assert.equal(lanes.failureOf('x')?.times, 3);
});

const held = (id: string, length: number, { publisher = 1, uploaded = 0 } = {}) =>
  ({
    id,
    manifest: { publisher: new Uint8Array([publisher]) },
    metainfo: { length },
    torrent: { peers: () => [{ uploaded }] },
  }) as never as Parameters<typeof fitIntoQuota>[0];

test('room on disk: all stay within the limit, one publisher within its share, cleared ones give way', () => {
  const isCleared = (id: string) => id.startsWith('cleared');
  const room = (
    model: Parameters<typeof fitIntoQuota>[0],
    ...others: Parameters<typeof fitIntoQuota>[0][]
  ) => {
    const found = fitIntoQuota(model, others, { limit: 1000, isCleared });
    return found.fits ? found.evict.map(({ id }) => id) : found.reason;
  };
  assert.deepEqual(room(held('new', 1000)), []);
  assert.match(String(room(held('new', 1001))), /more than the 1000/);
  assert.match(String(room(held('new', 200), held('other', 100))), /its publisher/);
  assert.deepEqual(room(held('new', 200), held('other', 100, { publisher: 2 })), []);
  assert.match(String(room(held('new', 950), held('other', 100, { publisher: 2 }))), /all of the disk space/);
  const cleared = [
    held('cleared a', 300, { uploaded: 9 }),
    held('cleared b', 300),
    held('cleared c', 300, { uploaded: 5 }),
  ];
  assert.deepEqual(room(held('new', 500), ...cleared), ['cleared b', 'cleared c']);
});

/** A node that is connected from `origin`, whatever addresses it claims. */
const holder = (
  origin: string,
  manifest: number,
  blocks: [number, number] | null = null,
  claims = origin,
) => ({
  reachable: true,
  origin,
  addresses: [`/ip4/${claims}/tcp/1`],
  holdings: [{ manifest: new Uint8Array(32).fill(manifest), blocks }],
});
const usesBy = (nodes: readonly object[]) =>
  usesOf({ directory: { nodes: () => nodes as never }, library: { find: () => undefined } });

test('how many nodes say that they run or hold a model, and where they say they are, does not bring it forward', () => {
  const uses = usesBy([
    ...Array.from({ length: 50 }, (_, i) => holder('192.0.2.1', 1, [0, 2], `198.51.100.${i}`)),
    holder('192.0.2.2', 2),
    holder('192.0.2.3', 2),
  ]);
  const sorted = [...uses].sort(([, a], [, b]) => byUse(a, b)).map(([id]) => id.slice(0, 2));
  assert.deepEqual(sorted, ['02', '01']);
});

test('an address that announces many models, each of another publisher, delays those of others by one', () => {
  const crowd = Array.from({ length: 200 }, (_, i) => holder('192.0.2.1', 1 + (i % 200)));
  const uses = usesBy([
    ...crowd,
    holder('192.0.2.2', 250),
    holder('192.0.2.3', 251),
    holder('192.0.2.2', 252),
  ]);
  const order = inTurns([...uses].map(([id, use]) => ({ id: id.slice(0, 2), use }))).map(({ id }) => id);
  assert.deepEqual(order.slice(0, 5), ['01', 'fa', 'fb', '02', 'fc']);
  assert.equal(order.length, 203);
  const used = inTurns([
    { id: 'a', use: { running: 0, holders: 1, origins: ['x'], uploaded: 9 } },
    { id: 'b', use: { running: 0, holders: 1, origins: ['x'], uploaded: 5 } },
    { id: 'c', use: { running: 0, holders: 1, origins: ['x'], uploaded: 0 } },
    { id: 'd', use: { running: 0, holders: 1, origins: ['y'], uploaded: 0 } },
  ]);
  assert.deepEqual(
    used.map(({ id }) => id),
    ['a', 'b', 'd', 'c'],
  );
});
