import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyAll } from '../../../src/consensus/blocks/index.ts';
import { LightClient } from '../../../src/consensus/light/client.ts';
import { type Trusted, verifyLight } from '../../../src/consensus/light/verify.ts';
import type { LightBlock } from '../../../src/consensus/sync/messages.ts';
import { CHAIN_ID, chainOf, FIRST_TIME, keysOf, type Link, setOf } from '../../support/consensus/headers.ts';

const WEEK = 7 * 24 * 3_600_000;
const trust = { chainId: CHAIN_ID, trustingPeriodMs: WEEK, clockToleranceMs: 10_000 };
const NOW = FIRST_TIME + 100_000;
const four = keysOf('a', 'b', 'c', 'd');

const genesisOf = (keys = four): Trusted =>
  LightClient.genesis(
    keys.map(({ publicKey }) => ({ key: publicKey, power: 10 })),
    NOW,
  );

function clientOf(links: readonly Link[], from = genesisOf()) {
  const asked: number[] = [];
  const source = async (height: number) => {
    asked.push(height);
    return links[height - 1]?.light;
  };
  const client = new LightClient({ trust, from }, { source, verify: verifyAll, now: () => NOW });
  return { client, asked };
}

test('one step takes a client to any height while the validators stay', async () => {
  const { client, asked } = clientOf(chainOf(40, () => four));
  const light = await client.verifyTo(40);
  assert.equal(light.header.height, 40);
  assert.deepEqual(asked, [40]);
  assert.equal(client.trusted.height, 40);
});

test('where the validators change bit by bit, headers in between are asked for', async () => {
  // Every five heights one of the four is another one: after twenty nobody of the genesis is left.
  const names = Array.from({ length: 40 }, (_, i) => `v${i}`);
  const keysAt = (height: number) =>
    keysOf(...names.slice(Math.floor(height / 5), Math.floor(height / 5) + 4));
  const { client, asked } = clientOf(chainOf(40, keysAt), genesisOf(keysAt(1)));
  await client.verifyTo(40);
  assert.equal(client.trusted.height, 40);
  assert.ok(asked.length > 1 && asked.length < 40, `${asked}`);
});

test('a chain of others is not believed, however it is cut', async () => {
  const strangers = keysOf('w', 'x', 'y', 'z');
  const { client } = clientOf(chainOf(20, () => strangers));
  await assert.rejects(client.verifyTo(20), { code: 'LIGHT_INVALID' });
  assert.equal(client.trusted.height, 0);
});

const links = chainOf(10, () => four);
const at = (height: number): LightBlock => links[height - 1]!.light;
const verify = (light: LightBlock, from: Trusted = genesisOf(), now = NOW) =>
  verifyLight(from, light, trust, { now, verify: verifyAll });

test('what is wrong with a header is found', () => {
  const trusted = verify(at(3));
  const { commit } = at(7);
  const fewer = { ...commit, present: Uint8Array.of(0b11) };
  const scalar = commit.scalar.slice();
  scalar[0]! ^= 1;
  const wrong: [string, LightBlock, Trusted?][] = [
    ['too few signatures', { ...at(7), commit: fewer }],
    ['a bad signature', { ...at(7), commit: { ...commit, scalar } }],
    ['the commit of another block', { ...at(7), commit: at(6).commit }],
    ['validators of another set', { ...at(7), validators: setOf(keysOf('a', 'b', 'c')) }],
    ['next validators of another set', { ...at(7), nextValidators: setOf(keysOf('a')) }],
    ['earlier than the trusted one', at(2), trusted],
    ['a follower that does not follow', at(4), { ...trusted, id: at(2).commit.block }],
  ];
  for (const [what, light, from] of wrong)
    assert.throws(() => verify(light, from), { code: 'LIGHT_INVALID' }, what);
  assert.throws(() => verify(at(7), trusted, NOW + WEEK), { code: 'TRUST_EXPIRED' });
});

test('a clock that is behind is told from a header that is not proven, so that no honest node is taken for a liar', () => {
  const trusted = verify(at(3));
  const early = FIRST_TIME - 60_000;
  assert.throws(() => verify(at(7), trusted, early), { code: 'CLOCK_BEHIND' });
  const fewer = { ...at(7).commit, present: Uint8Array.of(0b11) };
  assert.throws(() => verify({ ...at(7), commit: fewer }, trusted, early), { code: 'LIGHT_INVALID' });
});
