import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join as pathJoin } from 'node:path';
import { test } from 'node:test';
import { answerGenesis, parseGenesis } from '#consensus';
import { defaultCurve, SigningKey } from '#crypto';
import { Host, parseMultiaddr } from '#network';
import { formatInvite, type Invite, parseInvite } from '../../../src/node/join/invite.ts';
import { joinNetwork } from '../../../src/node/join/join-network.ts';
import {
  genesisPath,
  joinedSettings,
  networkPath,
  readNetwork,
} from '../../../src/node/join/network-file.ts';
import { afterwards, quiet, temporaryDirectory } from '../../support/swarm.ts';

const FILE = new Uint8Array(await readFile('packaging/networks/testnet.json'));
const HASH = parseGenesis(FILE, defaultCurve()).parameters.chainId;
const key = (byte: number) => new SigningKey(new Uint8Array(32).fill(byte));

async function hostOf(t: Parameters<typeof afterwards>[0], byte: number): Promise<Host> {
  const host = await Host.start({ key: key(byte) }, { log: quiet });
  afterwards(t, () => host.stop());
  return host;
}
const inviteTo = (host: Host, hash: Uint8Array, byte: number): Invite => {
  const invite = {
    expires: 2_000_000_000,
    genesis: hash,
    checkpoint: undefined,
    peers: [{ id: host.id, addresses: host.addresses.flatMap((address) => parseMultiaddr(address) ?? []) }],
    trackers: [],
    authorities: [host.id],
    unproven: 'pending' as const,
  };
  return parseInvite(formatInvite(invite, key(byte)), Date.now());
};

test('a new node fetches the genesis of its invite and belongs to that network from then on', async (t) => {
  const home = await temporaryDirectory(t);
  const inviter = await hostOf(t, 1);
  await answerGenesis(inviter, FILE);
  const host = await hostOf(t, 2);
  const invite = inviteTo(inviter, HASH, 1);
  await joinNetwork(home, invite, { host });
  assert.deepEqual(new Uint8Array(await readFile(genesisPath(home))), FILE);
  assert.deepEqual(await joinedSettings(home), {
    bootstrap: inviter.addresses.map((address) => address.replace(/\/p2p\/.*$/, `/p2p/${inviter.id}`)),
    trackers: [],
    securityAuthorities: [inviter.id],
    unproven: 'pending',
    genesis: genesisPath(home),
  });

  await joinNetwork(home, { ...invite, trackers: ['http://192.0.2.1:80/announce'] }, { host });
  assert.equal((await readNetwork(home))!.trackers.length, 1, 'a repeated invite adds its contacts');
  const foreign = { ...invite, genesis: new Uint8Array(32) };
  await assert.rejects(joinNetwork(home, foreign, { host }), { code: 'INVITE_FOREIGN' });
});

test('a peer with another genesis, with none, or that is gone, leaves the directory as it was', async (t) => {
  const home = await temporaryDirectory(t);
  const inviter = await hostOf(t, 3);
  const host = await hostOf(t, 4);
  await assert.rejects(joinNetwork(home, inviteTo(inviter, HASH, 3), { host }), { code: 'JOIN_UNREACHABLE' });
  await answerGenesis(inviter, FILE);
  const other = inviteTo(inviter, new Uint8Array(32).fill(1), 3);
  await assert.rejects(joinNetwork(home, other, { host }), {
    code: 'JOIN_UNREACHABLE',
    message: /follows the chain/,
  });
  assert.equal(await readNetwork(home), undefined);
});

test('a damaged network file says what to do', async (t) => {
  const home = await temporaryDirectory(t);
  await writeFile(networkPath(home), '{"genesis": 1}');
  await assert.rejects(readNetwork(home), { code: 'CONFIG_INVALID', message: /join again with an invite/ });
});

test('a genesis that is gone, damaged or of another network stops a start, and the same invite repairs it', async (t) => {
  const home = await temporaryDirectory(t);
  const inviter = await hostOf(t, 5);
  await answerGenesis(inviter, FILE);
  const host = await hostOf(t, 6);
  const invite = inviteTo(inviter, HASH, 5);
  await joinNetwork(home, invite, { host });
  const another = JSON.stringify({ ...JSON.parse(Buffer.from(FILE).toString()), name: 'another-net' });
  for (const content of ['', '{', another]) {
    await writeFile(genesisPath(home), content);
    await assert.rejects(joinedSettings(home), { code: 'CONFIG_INVALID', message: /join again/ });
    await joinNetwork(home, invite, { host });
    assert.deepEqual(new Uint8Array(await readFile(genesisPath(home))), FILE);
  }
});

test('a node that its options put in a network joins no other', async (t) => {
  const home = await temporaryDirectory(t);
  const inviter = await hostOf(t, 9);
  await answerGenesis(inviter, FILE);
  const host = await hostOf(t, 10);
  const joining = (followed: Uint8Array) => joinNetwork(home, inviteTo(inviter, HASH, 9), { host, followed });
  await assert.rejects(joining(new Uint8Array(32)), { code: 'INVITE_FOREIGN' });
  assert.equal(await readNetwork(home), undefined);
  await joining(HASH);
});

test('what gives safety away is said and needs consent, once', async (t) => {
  const home = await temporaryDirectory(t);
  const inviter = await hostOf(t, 11);
  await answerGenesis(inviter, FILE);
  const host = await hostOf(t, 12);
  const safe = inviteTo(inviter, HASH, 11);
  const careless: Invite = { ...safe, authorities: 'none', unproven: 'cleared' };
  await assert.rejects(joinNetwork(home, careless, { host }), {
    code: 'INVITE_RISKY',
    message: /Nobody checks the models.*no security node has run in a sandbox.*--yes/,
  });
  assert.equal(await readNetwork(home), undefined);
  await joinNetwork(home, careless, { host, acceptRisks: true });
  await joinNetwork(home, careless, { host });
  await joinNetwork(home, safe, { host });
  assert.equal((await readNetwork(home))!.authorities, 'none', 'authorities stay those of the first invite');
});

test('a repeated invite moves the trusted block only forwards, with consent, and to no fork', async (t) => {
  const home = await temporaryDirectory(t);
  const inviter = await hostOf(t, 13);
  await answerGenesis(inviter, FILE);
  const host = await hostOf(t, 14);
  const block = (byte: number) => new Uint8Array(32).fill(byte);
  const join = (height: number | undefined, byte = 1, acceptRisks = false) => {
    const checkpoint = height === undefined ? undefined : { height, id: block(byte) };
    return joinNetwork(home, { ...inviteTo(inviter, HASH, 13), checkpoint }, { host, acceptRisks });
  };
  const trusted = async () => (await readNetwork(home))!.trust;
  const at = (height: number, byte = 1) => `${height}:${Buffer.from(block(byte)).toString('hex')}`;
  await join(100);
  for (const older of [99, undefined, 100]) {
    await join(older, older === 100 ? 1 : 2);
    assert.equal(await trusted(), at(100));
  }
  await assert.rejects(join(100, 2, true), { code: 'INVITE_FOREIGN', message: /fork/ });
  await assert.rejects(join(101, 2), { code: 'INVITE_RISKY', message: /would trust block 101:02/ });
  assert.equal(await trusted(), at(100));
  await join(101, 2, true);
  assert.equal(await trusted(), at(101, 2));
});

test('names of an invite keep its scope over restarts, and a narrower invite does not loosen it', async (t) => {
  const home = await temporaryDirectory(t);
  const inviter = await hostOf(t, 15);
  await answerGenesis(inviter, FILE);
  const host = await hostOf(t, 16);
  const near = inviteTo(inviter, HASH, 15);
  const [first] = near.peers;
  const name = parseMultiaddr('/dns/node.example/tcp/4001')!;
  const named = (more: Partial<Invite>) => ({
    ...near,
    trackers: ['http://tracker.example/announce'],
    ...more,
  });
  const far = named({ peers: [{ id: first!.id, addresses: [name] }] });
  await joinNetwork(home, near, { host });
  await joinNetwork(home, far, { host });
  await joinNetwork(home, named({ peers: [{ ...first!, addresses: [...first!.addresses, name] }] }), {
    host,
  });
  assert.deepEqual((await readNetwork(home))!.scopes, {
    'http://tracker.example/announce': 'public',
    [`/dns/node.example/tcp/4001/p2p/${first!.id}`]: 'public',
  });
});

/** Makes the rename of a new file onto `path` fail: a directory that is not empty is in the way. */
async function block(path: string): Promise<void> {
  await mkdir(path);
  await writeFile(pathJoin(path, 'in the way'), '');
}

test('a join that ends at any step leaves no half-joined directory, and the same invite joins later', async (t) => {
  const inviter = await hostOf(t, 17);
  await answerGenesis(inviter, FILE);
  const host = await hostOf(t, 18);
  const invite = inviteTo(inviter, HASH, 17);
  for (const path of [genesisPath, networkPath]) {
    const home = await temporaryDirectory(t);
    await block(path(home));
    await assert.rejects(joinNetwork(home, invite, { host }));
    await rm(path(home), { recursive: true });
    assert.deepEqual(await joinedSettings(home), {}, 'a start goes on without a network');
    assert.deepEqual(
      (await readdir(home)).filter((name) => name.endsWith('.tmp')),
      [],
    );
    await joinNetwork(home, invite, { host });
    assert.equal((await joinedSettings(home)).genesis, genesisPath(home));
  }
});
