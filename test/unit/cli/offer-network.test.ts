import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError } from '#base';
import { offerNetwork } from '../../../src/cli/offer-network.ts';
import { scriptedNode } from '../../support/scripted-node.ts';

/** What is printed, and how often a network was joined, after these lines were written. */
async function offered(given: string[] | undefined) {
  const said: string[] = [];
  let joined = 0;
  const scripted = scriptedNode();
  const node = {
    async join(invite: string, { acceptRisks = false } = {}) {
      if (invite.endsWith('risky') && !acceptRisks)
        throw new BitorchError('INVITE_RISKY', 'nobody checks models');
      if (!invite.startsWith('bitorch:')) throw new BitorchError('INVITE_INVALID', `no invite: ${invite}`);
    },
    setup: () => ({
      ...scripted.setup(),
      joinTestNetwork: async () => {
        throw new BitorchError('TEST_NETWORK_EMPTY', 'no node is known');
      },
    }),
  };
  async function* written() {
    yield* given ?? [];
  }
  const offer = { lines: given && written(), print: (line: string) => void said.push(line) };
  await offerNetwork(node, offer, () => joined++);
  return { said: said.join('\n'), joined };
}

test('an invite that is pasted is joined, and what is written afterwards is left alone', async () => {
  const { said, joined } = await offered(['', ' bitorch://join?a ', 'bitorch://join?b']);
  assert.equal(joined, 1);
  assert.match(said, /paste an invite here/);
  assert.match(said, /Joined\./);
});

test('an empty test network and a wrong invite say so, and the next line is read', async () => {
  const { said, joined } = await offered(['TEST', 'hello', 'bitorch://join?a']);
  assert.match(said, /no node is known\nno invite: hello\nJoined/);
  assert.equal(joined, 1);
});

test('lines that end join nothing; without a terminal the commands are named', async () => {
  assert.equal((await offered(['hello'])).joined, 0);
  const { said, joined } = await offered(undefined);
  assert.equal(joined, 0);
  assert.match(said, /^This node is not part of a network yet/m);
  assert.match(said, /bitorch start INVITE/);
});

test('an invite that gives up safety is joined after a yes to it only', async () => {
  const { said, joined } = await offered(['yes', 'bitorch://risky', 'no', 'yes', 'bitorch://risky', 'yes']);
  assert.equal(joined, 1);
  assert.equal(said.match(/nobody checks models\nWrite "yes"/g)?.length, 2);
  assert.equal((await offered(['bitorch://risky', 'no', 'yes'])).joined, 0);
});
