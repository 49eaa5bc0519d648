import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BitorchError, codeOf } from '#base';
import { byUse, inTurns, usesOf } from '../../../src/node/models/model-use.ts';
import { fitIntoQuota } from '../../../src/node/security/disk-quota.ts';
import { FIRST_MS, fetchWhole, STALL_MS } from '../../../src/node/security/examination-fetch.ts';
import { FairWorkers, type Lane, type TaskOwner } from '../../../src/node/security/fair-workers.ts';

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
async function endOf(t: TestContext, coming: (second: number) => number, most = 2000) {
  const { torrent, tick } = torrentOf(t, coming);
  let code: string | undefined;
  const options = { onProgress: () => undefined, signal: t.signal };
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
  assert.deepEqual(await endOf(t, () => 0), ['FETCH_STALLED', FIRST_MS / 1000]);
});

test('a fetch that stops coming is given up', async (t) => {
  const begun = (second: number) => (second < 10 ? 100 : 0);
  assert.deepEqual(await endOf(t, begun), ['FETCH_STALLED', 10 + STALL_MS / 1000]);
});

test('a fetch that drips goes on until its lane is given away', async (t) => {
  assert.deepEqual(await endOf(t, () => 1), ['goes on', 2000]);
});

const TURN_MS = 600_000;
const at = (origin: string, identity?: string): TaskOwner => ({ origins: [origin], identity });

/** Four lanes whose tasks end when they are told to, or when they lose their lane. */
function lanesOf(waiting: () => string[], ownerOf: (id: string) => TaskOwner = (id) => at(id)) {
  const tasks = new Map<string, { lane: Lane; fail: (error: unknown) => void }>();
  let time = 0;
  const lanes = new FairWorkers(
    { lanes: 4, turnMs: TURN_MS },
    {
      waiting,
      ownerOf,
      work: (id, lane) =>
        new Promise((_, fail) => {
          tasks.set(id, { lane, fail });
          lane.signal.addEventListener('abort', () => fail(lane.signal.reason));
        }),
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
    laneOf: (id: string) => tasks.get(id)!.lane,
    async fill() {
      lanes.fill();
      await settle();
    },
    async fail(id: string, code = 'FETCH_STALLED') {
      tasks.get(id)!.fail(BitorchError.relayed(code, 'x'));
      await settle();
    },
    pass(ms: number) {
      time += ms;
    },
  };
}

const flood = (count: number): string[] => Array.from({ length: count }, (_, n) => `flood ${n}`);

test('a model that nobody delivers holds up no other one', () => {
  const { lanes, active } = lanesOf(() => ['never there', 'honest']);
  lanes.fill();
  assert.deepEqual(active(), ['never there', 'honest']);
});

test('models of one address use all lanes until another address waits, then release some', async () => {
  const queue = flood(9);
  const { active, fill } = lanesOf(
    () => queue,
    (id) => (id.startsWith('flood') ? at('farm', `key of ${id}`) : at(id)),
  );
  await fill();
  assert.deepEqual(active(), flood(4));
  queue.push('honest');
  await fill();
  assert.deepEqual(active(), ['flood 0', 'flood 1', 'flood 2', 'honest']);
  queue.push('another');
  await fill();
  assert.deepEqual(active(), ['flood 0', 'flood 1', 'honest', 'another']);
  await fill();
  assert.deepEqual(active(), ['flood 0', 'flood 1', 'honest', 'another'], 'nobody is owed more');
});

test('a model that several addresses announce is charged to the one with fewest lanes', async () => {
  const queue = [...flood(4), 'liked'];
  const { active, fill } = lanesOf(
    () => queue,
    (id) => (id === 'liked' ? { origins: ['farm', 'home'] } : at('farm')),
  );
  await fill();
  assert.ok(active().includes('liked'));
});

test('publishers of one address share its lanes once they are known', async () => {
  const publishers = new Map<string, string>();
  const { lanes, active, fill } = lanesOf(
    () => [...flood(4), 'honest'],
    (id) => at('relay', publishers.get(id)),
  );
  await fill();
  assert.deepEqual(active(), flood(4));
  publishers.set('flood 0', 'mallory');
  lanes.identify('flood 0');
  publishers.set('flood 1', 'mallory');
  assert.throws(() => lanes.identify('flood 1'), { code: 'FETCH_PAUSED' });
  await fill();
  assert.deepEqual(active(), ['flood 0', 'flood 2', 'flood 3', 'honest']);
});

test('a fetch that exceeds its time releases its lane when another model waits; an examination does not', async () => {
  const queue = ['a', 'b', 'c', 'd'];
  const { active, fill, laneOf, pass } = lanesOf(() => queue);
  await fill();
  laneOf('d').keep();
  pass(TURN_MS - 1);
  queue.push('e');
  await fill();
  assert.deepEqual(active(), ['a', 'b', 'c', 'd']);
  pass(1);
  await fill();
  assert.equal(active().length, 4);
  assert.ok(active().includes('e') && active().includes('d'));
});

test('a flood of new models does not keep out those that had a turn, nor these the new ones', async () => {
  const made: string[] = [];
  const { active, fill, fail, pass } = lanesOf(() => ['honest', ...made]);
  await fill();
  await fail('honest');
  made.push(...flood(100));
  pass(5_000);
  await fill();
  assert.ok(active().includes('honest'));
  for (const id of active()) await fail(id, 'FETCH_PAUSED');
  made.unshift('new');
  await fill();
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
