import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addressGroup,
  dialableOnly,
  mayDial,
  multiaddrOf,
  parseCircuit,
  parseDialable,
  parseMultiaddr,
  resolveDialable,
  type Scope,
  scopeOfAddress,
  scopeOfRemote,
} from '#network';
import { placeGroups, siteOf } from '#network/addresses';

const scopeOf = (host: string) => parseDialable(host, 4001)?.scope;

test('an address has the scope that the registries of special addresses give it', () => {
  const scopes: Record<Scope, string[]> = {
    loopback: ['127.0.0.1', '127.255.255.254', '::1', 'localhost', 'a.localhost'],
    'link-local': ['169.254.169.254', 'fe80::1', 'febf::1', 'printer.local'],
    private: [
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.1',
      '192.168.1.1',
      '100.64.0.1',
      'fd00::1',
      'router',
      'db.internal',
    ],
    public: ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', 'example.org', 'xn--mnchen-3ya.de'],
  };
  for (const [scope, hosts] of Object.entries(scopes))
    for (const host of hosts) assert.equal(scopeOf(host), scope, host);
});

test('what nobody listens at, what wraps another address, and what is no strict name is refused', () => {
  const refused = [
    ...['0.0.0.0', '0.1.2.3', '224.0.0.1', '255.255.255.255', '240.0.0.1', '::', 'ff02::1', '3fff:0::%eth0'],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001:0:1::1',
      'fec0::1',
      '::ffff:0:127.0.0.1',
      '0:0:0:0:0:ffff:7f00:1',
      '64:ff9b:1::7f00:1',
      '100::1',
      '2001:0:7f00:1::',
      '5f00::1',
    ],
    ...[
      '127.1',
      '127.0.1',
      '0x7f.1',
      '0x7f000001',
      '0X7F000001',
      '017700000001',
      '127.0.0.0x1',
      '127.0.0.01',
      '2130706433',
      '0177.0.0.1',
      '1.2.3.4.5',
      'a.0x1',
      '127.0.0.1.',
      '[::1]',
      'fe80::1%eth0',
    ],
    ...[
      '',
      '.',
      'a..b',
      '-a.org',
      'a-.org',
      'a_b.org',
      'a b.org',
      'a.org.',
      '\0',
      '127.0.0.1\0',
      'a\n.org',
      'a/b',
      'a@b',
      'a:1',
    ],
    ...[
      'xn--.org',
      'xn--a',
      'ab--c.org',
      'xn--zzzzzzzzzzzz99.org',
      'münchen.de',
      '１２７.0.0.1',
      `${'a'.repeat(64)}.org`,
    ],
    ...[`${'a.'.repeat(127)}org`, 7, null, undefined, {}],
  ];
  for (const host of refused) assert.equal(parseDialable(host, 4001), undefined, String(host));
  for (const port of [0, -1, 65_536, 1.5, Number.NaN, '80', null])
    assert.equal(parseDialable('8.8.8.8', port), undefined);
});

test('multiaddrs are of TCP alone, of the right family, and of the peer they are said of', () => {
  assert.deepEqual(parseMultiaddr('/ip6/2606:4700:0:0::1111/tcp/1/p2p/12D3KooWA', '12D3KooWA'), {
    ...{ kind: 'ip6', host: '2606:4700::1111', port: 1, scope: 'public' },
  });
  assert.equal(parseMultiaddr('/dns4/Example.org/tcp/65535')?.host, 'example.org');
  const refused = [
    ...[
      '/ip4/\0/tcp/1',
      '/ip4/::1/tcp/1',
      '/ip6/1.2.3.4/tcp/1',
      '/dns/1.2.3.4/tcp/1',
      '/ip4/localhost/tcp/1',
    ],
    ...[
      '/ip4/1.2.3.4/udp/1',
      '/ip4/1.2.3.4/tcp/1/ws',
      '/ip4/1.2.3.4/tcp/0',
      '/ip4/1.2.3.4/tcp/99999',
      '/dnsaddr/a.org',
    ],
    ...[
      '/ip4/1.2.3.4/tcp/1\n',
      '/ip4/1.2.3.4/tcp/1/p2p/B',
      '/ip4/1.2.3.4/tcp/1/p2p/A/p2p-circuit',
      '',
      1,
      null,
    ],
  ];
  for (const text of refused) assert.equal(parseMultiaddr(text, 'A'), undefined, String(text));
});

test('an address is dialled only when who told it could reach it as well', () => {
  const order: Scope[] = ['loopback', 'link-local', 'private', 'public'];
  const hosts = ['127.0.0.1', '169.254.0.1', '10.0.0.1', '8.8.8.8'];
  const allowed = order.map((from) => hosts.filter((host) => mayDial(parseDialable(host, 1)!, from)));
  assert.deepEqual(allowed, [hosts, [hosts[1], hosts[3]], [hosts[2], hosts[3]], [hosts[3]]]);
  const offered = ['/ip4/127.0.0.1/tcp/22', '/ip4/8.8.8.8/tcp/1', 'x', '/ip4/8.8.8.8/tcp/1/p2p/A'];
  assert.deepEqual(dialableOnly(offered, 'public', 'A'), ['/ip4/8.8.8.8/tcp/1']);
  assert.deepEqual(dialableOnly(['/dns4/a.org/tcp/1', '/dns/localhost/tcp/1'], 'loopback'), []);
});

test('a name counts as what it resolves to, and one that resolves to nothing allowed is not dialled', async () => {
  const name = parseDialable('rebind.example.org', 9)!;
  const resolve = (from: Scope, ...addresses: string[]) => resolveDialable(name, from, async () => addresses);
  assert.deepEqual(
    await resolve('public', '127.0.0.1', '10.0.0.1', '::ffff:8.8.8.8', '0.0.0.0', 'other.org'),
    [],
  );
  assert.deepEqual((await resolve('public', '8.8.8.8', '10.0.0.1')).map(multiaddrOf), ['/ip4/8.8.8.8/tcp/9']);
  assert.deepEqual((await resolve('private', '10.0.0.1')).map(multiaddrOf), ['/ip4/10.0.0.1/tcp/9']);
  assert.deepEqual(
    await resolveDialable(name, 'public', () => Promise.reject(new Error('no such name'))),
    [],
  );
});

test('the scope and the group of a connection count IPv4 in IPv6 as IPv4', () => {
  assert.equal(scopeOfRemote('::ffff:127.0.0.1'), 'loopback');
  assert.equal(scopeOfRemote('fe80::1%eth0'), 'link-local');
  assert.equal(scopeOfRemote(undefined), 'public');
  assert.equal(addressGroup('::ffff:8.8.8.8'), '8.8.8.8');
  assert.equal(addressGroup('2001:db8:1:2:3::1'), addressGroup('2001:db8:1:2:4::9'));
});

test('addresses share a group by household, and a network by what one owner usually has', () => {
  assert.deepEqual(placeGroups('192.0.2.7'), ['192.0.2', '192.0.2.7']);
  assert.deepEqual(placeGroups('::ffff:192.0.2.7'), placeGroups('192.0.2.7'));
  assert.deepEqual(placeGroups('2001:db8:7:1::5'), ['2001:db8:7', '2001:db8:7:1']);
  assert.equal(siteOf('2001:db8:7:ffff'), '2001:db8:7');
  assert.equal(siteOf('12D3KooWPeer'), '12D3KooWPeer');
});

const RELAY = `12D3KooW${'A'.repeat(44)}`;
const PEER = `12D3KooW${'B'.repeat(44)}`;

test('a circuit is dialled at its relay, so the address of the relay decides', () => {
  const circuit = (host: string) => `/ip4/${host}/tcp/4001/p2p/${RELAY}/p2p-circuit`;
  for (const suffix of ['', `/p2p/${PEER}`]) {
    assert.deepEqual(dialableOnly([`${circuit('8.8.8.8')}${suffix}`], 'public', PEER), [circuit('8.8.8.8')]);
  }
  assert.deepEqual(dialableOnly([circuit('192.168.1.1')], 'public', PEER), []);
  assert.deepEqual(dialableOnly([circuit('192.168.1.1')], 'private', PEER), [circuit('192.168.1.1')]);
  assert.deepEqual(dialableOnly([circuit('127.0.0.1')], 'private', PEER), []);
  assert.equal(scopeOfAddress(circuit('192.168.1.1')), 'private');
});

test('a circuit names its relay and one peer, and neither twice nor by a name', () => {
  const refused = [
    `/ip4/8.8.8.8/tcp/4001/p2p-circuit`,
    `/ip4/8.8.8.8/tcp/4001/p2p/${RELAY}/p2p-circuit/p2p/${RELAY}`,
    `/ip4/8.8.8.8/tcp/4001/p2p/${PEER}/p2p-circuit`,
    `/ip4/8.8.8.8/tcp/4001/p2p/${RELAY}/p2p-circuit/p2p/${RELAY}/p2p-circuit`,
    `/ip4/8.8.8.8/tcp/0/p2p/${RELAY}/p2p-circuit`,
    `/dns4/example.org/tcp/4001/p2p/${RELAY}/p2p-circuit`,
    `/ip4/8.8.8.8/tcp/4001/p2p/nobody/p2p-circuit`,
    `/p2p/${RELAY}/p2p-circuit`,
  ];
  assert.deepEqual(dialableOnly(refused, 'loopback', PEER), []);
  for (const address of refused) assert.equal(parseCircuit(address, PEER), undefined, address);
});
