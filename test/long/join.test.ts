/** A second machine of the local network joins a devnet with the printed invite, chats, invites others and comes back. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseInvite } from '../../src/node/join/invite.ts';
import { MAIN } from '../support/cli.ts';
import { type Machine, namespacesLacking, type Program, twoMachines } from '../support/namespaces.ts';
import { TINY_MODEL } from '../support/network.ts';
import { temporaryDirectory } from '../support/swarm.ts';

const ASK = fileURLToPath(new URL('../support/ask-node.ts', import.meta.url));
const INVITE = /"?(bitorch:\/\/join\?[\w-]+)/;

const lacking = namespacesLacking();

test('a second machine joins by one command, chats, invites, and is back after a restart', {
  skip: lacking ?? false,
}, async (t) => {
  const [first, second] = twoMachines(t);
  const home = await temporaryDirectory(t);
  const bitorch = (machine: Machine, ...args: string[]) => machine.run(process.execPath, MAIN, ...args);

  const devnetHome = join(home, 'first');
  const options = ['--home', devnetHome, '--port', '0', '--model', TINY_MODEL, '--prompt', 'Hello'];
  const devnet = bitorch(first, 'devnet', ...options);
  const [, invite] = await devnet.until(INVITE);
  const { peers } = parseInvite(invite!, Date.now());
  for (const { host } of peers.flatMap(({ addresses }) => addresses)) assert.equal(host, first.address);

  const guestHome = join(home, 'second');
  const start = (...given: string[]) =>
    bitorch(second, 'start', ...given, '--home', guestHome, '--port', '0');
  const from = performance.now();
  const guest = start(invite!, '--yes');
  assert.deepEqual(await answered(second, guest), { answered: true, audit: 'passed' });
  t.diagnostic(`an audited answer ${Math.round((performance.now() - from) / 100) / 10} s after the command`);
  assert.match(guest.output(), /Joined the network of the invite/);

  const further = bitorch(second, 'invite', '--home', guestHome);
  const [, own] = await further.until(INVITE);
  const [inviter] = parseInvite(own!, Date.now()).peers;
  assert.equal(inviter!.addresses[0]!.host, second.address);

  await guest.interrupt();
  const again = start();
  assert.deepEqual(await answered(second, again), { answered: true, audit: 'passed' });
  assert.doesNotMatch(again.output(), /Joined|not part of a network/);
});

/** What the node of a machine, started as `node`, answers to a prompt. */
async function answered(machine: Machine, node: Program) {
  const [, url, token] = await node.until(/ is up: (http:\S+)\/#token=(\S+)/);
  const [json] = await machine.run(process.execPath, ASK, url!, token!, 'Hello').until(/\{.*\}/);
  const { text, hops, audit } = JSON.parse(json) as { text: string; hops: number; audit: string };
  return { answered: text.length > 0 && hops > 0, audit };
}
