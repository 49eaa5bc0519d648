import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '#base';
import { SigningKey } from '#crypto';
import { parseDialable, peerIdFrom } from '#network';
import { formatInvite, type Invite, parseInvite } from '../../../src/node/join/invite.ts';
import { makeInvite } from '../../../src/node/join/make-invite.ts';

const key = new SigningKey(new Uint8Array(32).fill(7));
const self = peerIdFrom(key.publicKey);
const other = peerIdFrom(new SigningKey(new Uint8Array(32).fill(8)).publicKey);
const NOW = 1_700_000_000_000;

/** What reading an invite of a maker at `host` ends in. */
function reading(host: string, { also = [] as string[], peer = [] as string[], tracker = '' }) {
  const at = (name: string) => parseDialable(name, 4001)!;
  const invite: Invite = {
    expires: 1_800_000_000,
    genesis: undefined,
    checkpoint: undefined,
    peers: [
      { id: self, addresses: [host, ...also].map(at) },
      ...(peer.length > 0 ? [{ id: other, addresses: peer.map(at) }] : []),
    ],
    trackers: tracker === '' ? [] : [tracker],
    authorities: [self],
    unproven: 'pending',
  };
  try {
    parseInvite(formatInvite(invite, key), NOW);
    return 'read';
  } catch (error) {
    return codeOf(error);
  }
}

const HOSTS = {
  public: ['192.0.2.5', '2001:db8::5', 'node.example'],
  private: ['10.0.0.7', '192.168.1.1', 'fd00::7', 'router', 'nas.internal', 'nas.home.arpa'],
  'link-local': ['169.254.169.254', 'fe80::1', 'printer.local'],
  loopback: ['127.0.0.1', '::1', 'localhost', 'a.localhost'],
};
/** From which scopes an invite may name addresses of which. */
const REACH: [keyof typeof HOSTS, (keyof typeof HOSTS)[]][] = [
  ['public', ['public']],
  ['private', ['public', 'private']],
  ['link-local', ['public', 'link-local']],
  ['loopback', ['public', 'private', 'link-local', 'loopback']],
];

test('an invite names only nodes and trackers that its maker can reach itself', () => {
  for (const [from, reach] of REACH)
    for (const to of Object.keys(HOSTS) as (keyof typeof HOSTS)[])
      for (const host of HOSTS[to]) {
        const expected = reach.includes(to) ? 'read' : 'INVITE_INVALID';
        const maker = HOSTS[from][0]!;
        assert.equal(reading(maker, { peer: [host] }), expected, `${from} names ${host}`);
        const tracker = `http://${host.includes(':') ? `[${host}]` : host}/announce`;
        assert.equal(reading(maker, { tracker }), expected, `${from} names ${tracker}`);
      }
  assert.equal(reading('127.0.0.1', { also: ['192.0.2.5'] }), 'INVITE_INVALID', 'the widest scope counts');
});

test('a tracker of an invite is an announce URL in one spelling, at which a request does nothing else', () => {
  for (const tracker of ['http://192.0.2.9:8000/announce', 'https://tracker.example/announce?key=1'])
    assert.equal(reading('192.0.2.5', { tracker }), 'read', tracker);
  const hostile = [
    'file:///etc/passwd',
    'file:///announce',
    'udp://192.0.2.9:80/announce',
    'javascript:alert(1)',
    'data:text/plain,/announce',
    'http://192.168.1.1/reboot.cgi',
    'http://192.0.2.9/reboot.cgi/announce',
    'http://192.0.2.9/announce/../reboot.cgi',
    'http://192.0.2.9/%61nnounce',
    'http://192.0.2.9//announce',
    'http://user:secret@192.0.2.9/announce',
    'http://192.0.2.9/announce#',
    'http://192.0.2.9/announce#part',
    'http://3232235777/announce',
    'http://0xc0.0xa8.1.1/announce',
    'http://192.168.257/announce',
    'http://127.1/announce',
    'http://0.0.0.0/announce',
    'http://[::ffff:127.0.0.1]/announce',
    'http://[::ffff:c0a8:101]/announce',
    'http://[64:ff9b::c0a8:101]/announce',
    'http://tr\u0430cker.example/announce',
    'http://\uff11\uff12\uff17.0.0.1/announce',
    'http://TRACKER.example/announce',
    'http:\\\\192.0.2.9\\announce',
    ' http://192.0.2.9/announce',
    'http://192.0.2.9/ann\nounce',
    'http://192.0.2.9:80/announce',
  ];
  for (const tracker of hostile) {
    assert.equal(reading('192.0.2.5', { tracker }), 'INVITE_INVALID', tracker);
  }
});

test('an invite can be read for all options of the node that makes it', () => {
  const trackers = [
    'udp://192.0.2.9:80/announce',
    'http://127.0.0.1:8000/announce',
    'http://0.0.0.0:8000/announce',
    'http://tracker.example/passkey/announce',
    'HTTP://Tracker.example:80/announce',
    ...[1, 2, 3, 4, 5].map((n) => `http://192.0.2.5:800${n}/announce`),
  ];
  const facts = {
    self: { id: self, addresses: ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.7/tcp/1', '/ip4/192.0.2.5/tcp/1'] },
    others: [{ id: other, addresses: ['/ip4/10.0.0.8/tcp/1'] }],
    genesis: undefined,
    checkpoint: undefined,
    trackers,
    authorities: 'none' as const,
    unproven: 'pending' as const,
  };
  const made = parseInvite(makeInvite(facts, { key, now: NOW }), NOW);
  assert.deepEqual(made.trackers, ['http://tracker.example/announce', ...trackers.slice(5, 8)]);
  assert.equal(made.peers.length, 1, 'a guest on the internet cannot reach 10.0.0.8');
});
