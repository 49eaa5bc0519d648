import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, sha256, toHex, utf8 } from '#base';
import { MemoryStore } from '#store';
import type { Application, StateSnapshot } from '../../../src/consensus/application/index.ts';
import { verifyAll } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import {
  LightClient,
  requireCheckpoint,
  type Trusted,
  trustedAt,
} from '../../../src/consensus/light/index.ts';
import { syncSnapshot } from '../../../src/consensus/snapshot-sync.ts';
import type { SyncClient } from '../../../src/consensus/sync/client.ts';
import { CHAIN_ID, chainOf, FIRST_TIME, keysOf, setOf } from '../../support/consensus/headers.ts';

const PERIOD_MS = 60_000;
const four = keysOf('a', 'b', 'c', 'd');
const links = chainOf(100, () => four);
const idAt = (height: number) => links[height - 1]!.light.commit.block;
const snapshot: StateSnapshot = {
  height: 90,
  format: 1,
  chunks: 1,
  hash: sha256(utf8('hash')),
  metadata: new Uint8Array(0),
};

const peer = {
  peer: 'peer',
  light: async (height: number) => links[height - 1]?.light,
  snapshots: async () => [snapshot],
} as unknown as SyncClient;

/** The app hashes that states were offered with to a node that begins just after the last block. */
async function begin(from: Trusted): Promise<string[]> {
  const offered: string[] = [];
  const application = {
    offerSnapshot: async ({ appHash }: { appHash: Uint8Array }) => {
      offered.push(toHex(appHash));
      return 'reject';
    },
  } as unknown as Application;
  const now = () => FIRST_TIME + 101_000;
  const trust = { chainId: CHAIN_ID, from, trustingPeriodMs: PERIOD_MS, clockToleranceMs: 1_000 };
  const store = new ChainStore(new MemoryStore());
  const log = createLog('silent');
  await syncSnapshot(trust, { application, store, clients: [peer], verify: verifyAll, now, log });
  return offered;
}

test('a genesis older than the trusting period vouches for no snapshot', async () => {
  const old = LightClient.genesis(setOf(four).validators, FIRST_TIME);
  await assert.rejects(begin(old), { code: 'TRUST_EXPIRED', message: /--trust HEIGHT:ID/ });
  const young = LightClient.genesis(setOf(four).validators, FIRST_TIME + 50_000);
  assert.deepEqual(await begin(young), [toHex(sha256(utf8('state 90')))]);
});

test('a checkpoint within it does, and one without it does not', async () => {
  assert.equal((await begin(await trustedAt({ height: 80, id: idAt(80) }, [peer]))).length, 1);
  const old = await trustedAt({ height: 10, id: idAt(10) }, [peer]);
  await assert.rejects(begin(old), { code: 'TRUST_EXPIRED' });
  await assert.rejects(trustedAt({ height: 80, id: idAt(81) }, [peer]), { code: 'LIGHT_MISSING' });
});

test('a chain with another block at the height of the checkpoint is not followed', () => {
  const { header } = links[49]!.light;
  requireCheckpoint(header, undefined);
  requireCheckpoint(header, { height: 50, id: idAt(50) });
  requireCheckpoint(header, { height: 51, id: idAt(50) });
  assert.throws(() => requireCheckpoint(header, { height: 50, id: idAt(49) }), {
    code: 'CHECKPOINT_DIFFERS',
  });
});
