import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { encode } from '#ledger';
import { Host } from '#network';
import { certificateOf } from '../../../src/consensus/blocks/index.ts';
import {
  type ConsensusMessage,
  encodeMessage,
  GOSSIP_PROTOCOL,
  Gossip,
  helloCodec,
  MAX_GOSSIP_FRAME,
  type Message,
  RECONCILE_MS,
  RESEND_MS,
} from '../../../src/consensus/gossip/index.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import { until } from '../../support/consensus/cluster.ts';
import { committee, named, voteBy } from '../../support/consensus/validators.ts';

const CHAIN = { chainId: new Uint8Array(32).fill(7), genesis: named('genesis') };
const log = createLog('silent');
const people = committee([10, 10, 10, 10]);

async function host(t: TestContext): Promise<Host> {
  const started = await Host.start({ key: SigningKey.generate() }, { log });
  t.after(() => started.stop());
  return started;
}

/** A node that only gossips: what it is told ends up in its record, unverified. */
async function gossiper(t: TestContext, height = 1) {
  const own = await host(t);
  const record = new HeightRecord(height, people.validators);
  const heard: Message[] = [];
  const gossip: Gossip = new Gossip(CHAIN, {
    host: own,
    log,
    now: () => performance.now(),
    source: {
      status: () => ({ height, round: 0, base: 1 }),
      record: (of) => (of === height ? record : undefined),
      receiveConsensus(message: ConsensusMessage) {
        heard.push(message);
        if (message.type === 'certificate') record.addCertificate(message.value);
        if (message.type === 'vote' && record.addVote(message.value) === 'new') gossip.relay(message);
      },
      receiveTransactions: (message) => void heard.push(message),
      peerJoined: () => undefined,
      peerMoved: () => undefined,
    },
  });
  await gossip.start();
  t.after(() => gossip.stop());
  return { host: own, gossip, record, heard };
}

const HELLO = encode(helloCodec, { version: 2, ...CHAIN });

test('what one node has, all nodes have soon, also over a node in between', async (t) => {
  const [first, middle, last] = [await gossiper(t), await gossiper(t), await gossiper(t)];
  await first.host.connect(middle.host.addresses[0]!);
  await last.host.connect(middle.host.addresses[0]!);
  const early = voteBy(people, 0, 1, named('block'));
  first.record.addVote(early);
  await until(() => middle.gossip.peers.length === 2 && last.gossip.peers.length === 1, 'connected');
  const late = voteBy(people, 1, 1, named('block'));
  first.record.addVote(late);
  first.gossip.relay({ type: 'vote', value: late });
  const has = (place: number) => last.record.votes(0, 1)?.has(place) === true;
  await until(() => has(0) && has(1), 'both votes at the last', 20);
});

test('a polka that a proposal goes back to, and a commit, come to those who do not count them, once', async (t) => {
  const [one, two] = [await gossiper(t), await gossiper(t)];
  const block = named('block');
  const signers = (kind: 1 | 2, round: number) =>
    certificateOf([0, 1, 2].map((place) => voteBy(people, place, kind, block, { round })));
  // The second heard another vote first: single votes of the first never become a polka there.
  two.record.addVote(voteBy(people, 2, 1, named('another')));
  two.record.addVote(voteBy(people, 2, 2, named('another'), { round: 1 }));
  const [polka, commit, unneeded] = [signers(1, 0), signers(2, 1), signers(1, 1)];
  for (const known of [polka, commit, unneeded]) one.record.addCertificate(known);
  one.record.addProposal({
    height: 1,
    round: 1,
    validRound: 0,
    block,
    partsRoot: named('parts'),
    parts: 1,
    time: 1,
    signature: new Uint8Array(64),
  });
  await one.host.connect(two.host.addresses[0]!);
  const came = () => two.heard.flatMap(({ type, value }) => (type === 'certificate' ? [value] : []));
  await until(() => came().length === 2, 'both certificates', 20);
  assert.deepEqual(
    came().toSorted((a, b) => a.round - b.round),
    [polka, commit],
  );
  // It says now that it has them; longer than the time after which something that is lacking is sent again.
  await new Promise((resolve) => setTimeout(resolve, RESEND_MS + 4 * RECONCILE_MS));
  assert.equal(came().length, 2);
});

test('more certificates than a peer may send are cut off', async (t) => {
  const victim = await gossiper(t);
  const rogue = await host(t);
  await rogue.connect(victim.host.addresses[0]!);
  const stream = await rogue.open({ id: victim.host.id, addresses: [] }, GOSSIP_PROTOCOL, MAX_GOSSIP_FRAME);
  await stream.send(HELLO);
  const value = certificateOf([0, 1, 2].map((place) => voteBy(people, place, 1, named('block'))));
  const certificate = encodeMessage({ type: 'certificate', value });
  // Fewer than any peer may send of other messages.
  for (let i = 0; i < 500 && !stream.ended.aborted; i++)
    await stream.send(certificate).catch(() => undefined);
  assert.ok(await ended(stream.ended), 'cut off for the flood');
  assert.equal(victim.gossip.isBanned(rogue.id), false, 'costing too much is no lie');
});

test('hostile bytes end the talk, at once and for a while', async (t) => {
  const good = voteBy(people, 0, 1, named('block'));
  const hostile: Record<string, Uint8Array[]> = {
    'no hello': [Uint8Array.of(9, 9, 9)],
    'an unknown kind': [HELLO, Uint8Array.of(99)],
    'a message with a byte too many': [
      HELLO,
      Uint8Array.of(...encodeMessage({ type: 'vote', value: good }), 0),
    ],
    'a message that ends too early': [HELLO, encodeMessage({ type: 'vote', value: good }).subarray(0, 20)],
  };
  for (const [what, frames] of Object.entries(hostile)) {
    const victim = await gossiper(t);
    const rogue = await host(t);
    await rogue.connect(victim.host.addresses[0]!);
    const stream = await rogue.open({ id: victim.host.id, addresses: [] }, GOSSIP_PROTOCOL, MAX_GOSSIP_FRAME);
    for (const frame of frames) await stream.send(frame).catch(() => undefined);
    await until(() => victim.gossip.isBanned(rogue.id), `banned for ${what}`, 10);
    assert.ok(stream.ended.aborted || (await ended(stream.ended)), what);
  }
});

test('a node of another chain is left alone, not banned', async (t) => {
  const victim = await gossiper(t);
  const stranger = await host(t);
  await stranger.connect(victim.host.addresses[0]!);
  const stream = await stranger.open(
    { id: victim.host.id, addresses: [] },
    GOSSIP_PROTOCOL,
    MAX_GOSSIP_FRAME,
  );
  await stream.send(encode(helloCodec, { version: 2, ...CHAIN, genesis: named('another') }));
  assert.ok(await ended(stream.ended));
  assert.equal(victim.gossip.isBanned(stranger.id), false);
  assert.equal(victim.gossip.peers.length, 0);
});

const ended = (signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(true);
    signal.addEventListener('abort', () => resolve(true));
    setTimeout(() => resolve(false), 10_000).unref();
  });
