import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError, Broadcast, fromHex } from '#base';
import type { Library, Model } from '../../../src/node/models/library.ts';
import { ModelFinder } from '../../../src/node/models/model-finder.ts';
import type { Directory, KnownNode } from '../../../src/node/peers/directory.ts';
import type { ModelGuard } from '../../../src/node/security/model-guard.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const ID = 'ab'.repeat(32);

/** A network whose news the test tells: who holds the model, and what was said of it. */
function world({ model }: { model?: string } = {}) {
  const [directoryNews, clearanceNews] = [new Broadcast<void>(), new Broadcast<string>()];
  const state = { held: false, cleared: false, quarantined: false, looks: 0, asked: 0 };
  const holder = { id: 'holder', holdings: [{ manifest: fromHex(ID) }] } as unknown as KnownNode;
  const holders = () => (state.held ? [holder] : []);
  const directory = {
    onChange: (listener: () => void) => directoryNews.on(listener),
    nodes: holders,
    holdersOf: holders,
    seek: async () => undefined,
    mostHeld: () => {
      state.looks++;
      return state.held ? [ID] : [];
    },
  } as unknown as Directory;
  const guard = {
    clearance: {
      onChange: (listener: (id: string) => void) => clearanceNews.on(listener),
      allows: () => state.cleared,
    },
    isQuarantined: () => state.quarantined,
    refuseQuarantined: () => {
      if (state.quarantined) throw new BitorchError('MODEL_QUARANTINED', 'it was refused');
    },
    ask: async () => void state.asked++,
  } as unknown as ModelGuard;
  const found = { id: ID } as Model;
  const library = { find: () => undefined, obtain: async () => found } as unknown as Library;
  const stop = new AbortController();
  const finder = new ModelFinder(
    { model, bootstrap: [] },
    { selfId: 'self', directory, library, guard, onProgress: () => undefined, signal: stop.signal },
  );
  return { finder, state, found, stop, directoryNews, clearanceNews };
}

for (const model of [undefined, ID])
  test(`${model ? 'a named' : 'any'} model is taken when news of it comes, without polling`, async () => {
    const { finder, state, found, directoryNews, clearanceNews } = world(model ? { model } : {});
    const reasons: string[] = [];
    let taken: Model | undefined;
    const waiting = finder
      .await((reason) => reasons.push(reason))
      .then((one) => {
        taken = one;
      });
    await turn();
    const { looks } = state;
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(state.looks, looks, 'nothing has happened');
    state.held = true;
    directoryNews.publish();
    while (reasons.length < 2) await turn();
    assert.equal(taken, undefined, 'nobody has cleared it');
    state.cleared = true;
    clearanceNews.publish(ID);
    await waiting;
    assert.equal(taken, found);
    assert.ok(state.asked >= 1);
    assert.match(reasons[0]!, /knows no other node/);
    assert.match(reasons[1]!, /is offered/);
  });

test('however much news comes, looks are apart', async () => {
  const { finder, state, stop, directoryNews } = world();
  const waiting = finder.await(() => undefined);
  await turn();
  const { looks } = state;
  for (let i = 0; i < 1_000; i++) {
    directoryNews.publish();
    if (i % 100 === 0) await turn();
  }
  assert.ok(state.looks <= looks + 2, `${state.looks - looks} looks`);
  stop.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
});

test('a named model in quarantine ends the wait with the reason', async () => {
  const { finder, state } = world({ model: ID });
  state.quarantined = true;
  await assert.rejects(
    finder.await(() => undefined),
    { code: 'MODEL_QUARANTINED' },
  );
});
