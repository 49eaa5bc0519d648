import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { isProven, offendersOf, validators } from '#ledger';
import { MemoryStore, openLmdbStore } from '#store';
import { verifyAll } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { PREVOTE } from '../../../src/consensus/constants.ts';
import { firstVotes, PastVotes } from '../../../src/consensus/evidence/index.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import { bad, prevoteOf, set } from '../../support/consensus/archive-program.ts';
import { CHAIN_ID, chainOf, keysOf } from '../../support/consensus/headers.ts';
import { refused, send, TORCH } from '../../support/ledger/acting.ts';
import {
  genesisOf,
  growTo,
  signer,
  somebody,
  TEST_PARAMETERS,
  trustingLedger,
} from '../../support/ledger/chain.ts';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

const PROGRAM = join(import.meta.dirname, '../../support/consensus/archive-program.ts');
const EVIDENCE_BLOCKS = 5_000;
const four = keysOf('a', 'b', 'c', 'd');

test('votes archived by a node that was killed are evidence when it is back', async (t) => {
  const path = join(await temporaryDirectory(t), 'blocks.mdb');
  const child = spawn(process.execPath, [PROGRAM, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    if (Number(line) === 12) child.kill('SIGKILL');
  }
  assert.equal((await ended)[1], 'SIGKILL');
  const store = new ChainStore(openLmdbStore(path, 2 ** 26));
  afterwards(t, () => store.close());
  assert.ok(store.height >= 12);
  const past = new PastVotes({ chainId: CHAIN_ID }, { store, verify: verifyAll });
  for (let height = 1; height < store.height; height++) {
    assert.equal(past.against(prevoteOf(height, `${height}`)), undefined);
    assert.ok(isProven(past.against(prevoteOf(height, 'another'))!, CHAIN_ID), `${height}`);
  }
});

/** A chain of `length` blocks, of which only the first is a real one. */
function longChain(length: number): ChainStore {
  const store = new ChainStore(new MemoryStore());
  store.begin(new Uint8Array(32), [set, set]);
  const [first] = chainOf(1, () => four);
  const { block, light } = first!;
  for (let height = 1; height <= length; height++) {
    const record = new HeightRecord(height - 1, set);
    if (height === 7) record.addVote(prevoteOf(6, 'first'));
    if (height === 8) record.addVote(prevoteOf(7, 'first'));
    const header = { ...block.header, height };
    const votesBefore = firstVotes(record, undefined, CHAIN_ID);
    const votesFrom = height + 1 - EVIDENCE_BLOCKS + 1;
    const commit = { ...light.commit, height };
    store.append({
      block: { ...block, header },
      commit,
      appHash: header.appHash,
      validators: set,
      votesBefore,
      votesFrom,
    });
  }
  return store;
}

test('a prevote that is shown 5,000 heights later slashes, up to the last block that takes it', () => {
  const ledger = trustingLedger({
    ...genesisOf({ ...TEST_PARAMETERS, validatorPart: 0, unbondingBlocks: EVIDENCE_BLOCKS }),
    validators: four
      .map(({ publicKey }) => ({
        validator: publicKey,
        owner: signer('owner').publicKey,
        payout: somebody,
        commission: 0,
        tokens: 1_000n * TORCH,
      }))
      .sort((a, b) => Buffer.compare(a.validator, b.validator)),
  });
  const tip = 7 + EVIDENCE_BLOCKS - 2;
  growTo(ledger, tip);
  const store = longChain(tip);
  const past = new PastVotes(
    { chainId: CHAIN_ID, evidenceBlocks: EVIDENCE_BLOCKS },
    { store, verify: verifyAll },
  );
  // The next block is the last that takes evidence of height 7, and takes none of height 6 any more.
  assert.equal(past.against(prevoteOf(6, 'second')), undefined);
  assert.deepEqual(store.votes({ height: 6, round: 0, kind: PREVOTE }), []);
  const evidence = past.against(prevoteOf(7, 'second'))!;
  assert.deepEqual(offendersOf(evidence), [bad.publicKey]);
  const actions = (body: typeof evidence) => ({ actions: [{ name: 'evidence' as const, body }] });
  refused(ledger, actions({ ...evidence, height: 6 }), /older than the unbonding time/);
  send(ledger, actions(evidence));
  const { tombstoned, tokens } = validators.bucket.get(ledger.state, bad.publicKey)!;
  assert.equal(tombstoned, 1);
  assert.ok(tokens < 1_000n * TORCH);
  refused(ledger, actions(evidence), /older than the unbonding time/);
});
