import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLog } from '#base';
import { encode } from '#ledger';
import { PREVOTE } from '../../../src/consensus/constants.ts';
import {
  decodeMessage,
  GOSSIP_PROTOCOL,
  GOSSIP_VERSION,
  Gossip,
  helloCodec,
  type Message,
} from '../../../src/consensus/gossip/index.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import { MemoryHost } from '../../support/consensus/memory-hosts.ts';
import { CHAIN_ID, committee, named, voteBy } from '../../support/consensus/validators.ts';

const CHAIN = { chainId: CHAIN_ID, genesis: named('genesis') };
const HELLO = encode(helloCodec, { version: GOSSIP_VERSION, ...CHAIN });
const people = committee([10, 10, 10, 10]);

const settled = async () => {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
};

/** A node that gossips, and what one peer hears of it in so many ticks of its clock. */
async function talk(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const own = new MemoryHost('node');
  const record = new HeightRecord(1, people.validators);
  const at = { height: 1, round: 0 };
  const gossip = new Gossip(CHAIN, {
    host: own.host,
    log: createLog('silent'),
    now: () => 0,
    source: {
      status: () => ({ ...at, base: 1 }),
      record: () => record,
      receiveConsensus: () => undefined,
      receiveTransactions: () => undefined,
      peerJoined: () => undefined,
      peerMoved: () => undefined,
    },
  });
  await gossip.start();
  t.after(() => gossip.stop());
  const heard: Message['type'][] = [];
  const other = new MemoryHost('peer');
  await other.handle(GOSSIP_PROTOCOL, 0, async (stream) => {
    await stream.read();
    for (let frame = await stream.read(); frame; frame = await stream.read())
      heard.push(decodeMessage(frame).type);
  });
  other.join(own);
  await (await other.open({ id: 'node' }, GOSSIP_PROTOCOL)).send(HELLO);
  await settled();
  const hears = async (ticks: number): Promise<Message['type'][]> => {
    heard.length = 0;
    for (let i = 0; i < ticks; i++) {
      t.mock.timers.tick(250);
      await settled();
    }
    return [...heard];
  };
  return { hears, record, at };
}

test('between two blocks peers are told every few seconds only where a node stands', async (t) => {
  const { hears } = await talk(t);
  await hears(1);
  const statuses = (await hears(64)).filter((type) => type === 'status');
  assert.equal(statuses.length, 4);
});

test('whatever there is to tell is told at once, and as long as it is there', async (t) => {
  const { hears, record, at } = await talk(t);
  await hears(20);
  at.round = 1;
  assert.ok((await hears(1)).includes('status'));
  record.addVote(voteBy(people, 0, PREVOTE, named('block')));
  at.round = 0;
  const told = await hears(16);
  assert.equal(told.filter((type) => type === 'have').length, 16);
});
