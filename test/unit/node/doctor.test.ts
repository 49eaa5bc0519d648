import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absentCheck, doctorLines } from '../../../src/cli/doctor.ts';
import { examineMachine } from '../../../src/node/doctor/machine.ts';
import { machineChecks } from '../../../src/node/doctor/machine-checks.ts';
import { type NodeFacts, nodeChecks } from '../../../src/node/doctor/node-checks.ts';
import { doctorReport } from '../../../src/node/doctor/report.ts';

const FACTS: NodeFacts = {
  roles: ['client'],
  addresses: ['/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWA'],
  others: [{ reachable: true, addresses: ['/ip4/192.0.2.8/tcp/4001'] }],
  hasContacts: true,
  clock: { peers: 3, offsetMs: -420 },
  notices: [],
  reach: { state: 'direct', nat: 'none', relays: [], mapped: [], advice: '' },
  chain: { state: 'following', height: 9, bestHeight: 9, peers: 4 },
};
const MACHINE = {
  freeBytes: 9e9,
  engineProblem: undefined,
  sandbox: { available: true as const, memoryBy: 'watch' as const },
};
const LOOPBACK = '/ip4/127.0.0.1/tcp/4001';

const statesOf = (facts: Partial<NodeFacts>) =>
  Object.fromEntries(nodeChecks({ ...FACTS, ...facts }).map(({ name, state }) => [name, state]));

test('a node without problems is healthy', () => {
  const { healthy, checks } = doctorReport([...nodeChecks(FACTS), ...machineChecks(MACHINE, true)]);
  assert.ok(healthy);
  assert.ok(checks.every(({ state }) => state === 'ok'));
  assert.ok(checks.some(({ text }) => text === 'listens at PUBLIC-IP:4001'));
  assert.ok(checks.some(({ text }) => text === 'others connect directly to this computer'));
  assert.ok(checks.some(({ text }) => text.startsWith('0.4 s from the clocks of 3 others')));
});

test('loopback addresses are a problem only where others are on other computers', () => {
  assert.equal(statesOf({ addresses: [LOOPBACK] }).addresses, 'problem');
  const others = [{ reachable: true, addresses: [LOOPBACK] }];
  assert.equal(statesOf({ addresses: [LOOPBACK], others }).addresses, 'ok');
});

test('a node alone has a problem only where it was to join a network', () => {
  assert.equal(statesOf({ others: [] }).network, 'problem');
  assert.equal(statesOf({ others: [], hasContacts: false }).network, 'note');
});

test('a report says how others reach the node, and how to make it better', () => {
  const advice = 'Forward TCP port 4001.';
  const circuit = `/ip4/203.0.113.9/tcp/4001/p2p/12D3KooW${'A'.repeat(44)}/p2p-circuit`;
  const checkOf = (reach: Partial<NonNullable<NodeFacts['reach']>>, facts: Partial<NodeFacts> = {}) =>
    nodeChecks({
      ...FACTS,
      roles: ['client', 'seed'],
      reach: { ...FACTS.reach!, advice, ...reach },
      ...facts,
    }).find(({ name }) => name === 'reach');
  assert.match(
    checkOf({ state: 'direct', mapped: ['x'] })!.text,
    /directly to this computer, at a port that the router maps/,
  );
  assert.match(checkOf({ state: 'hole-punched' })!.text, /meet it at a relay, then connect directly/);
  const relayed = checkOf({ state: 'relayed', relays: ['12D3KooWA'], nat: 'symmetric' })!;
  assert.equal(relayed.state, 'note');
  assert.match(relayed.text, /through a relay; the router uses a new port for each/);
  assert.equal(relayed.fix, advice);
  assert.match(checkOf({ state: 'relayed', relays: ['a', 'b'] })!.text, /through 2 relays$/);
  assert.deepEqual(
    [checkOf({ state: 'unreachable' })!.state, checkOf({ state: 'unreachable' })!.fix],
    ['problem', advice],
  );
  assert.equal(
    checkOf({ state: 'unreachable' }, { roles: ['client'] })!.state,
    'note',
    'nobody has to call it',
  );
  const far = [{ reachable: true, addresses: [circuit] }];
  assert.equal(checkOf({ state: 'unreachable' }, { others: far })!.state, 'problem');
  for (const others of [[], [{ reachable: true, addresses: ['/ip4/192.168.1.7/tcp/4001'] }]])
    assert.match(checkOf({ state: 'unreachable' }, { others })!.text, /^not known yet/);
  const loopback = checkOf({}, { reach: undefined })!;
  assert.deepEqual([loopback.state, loopback.text.slice(0, 13)], ['note', 'not reachable']);
});

test('a place at a relay is no address of this machine', () => {
  const circuit = `/ip4/203.0.113.9/tcp/4001/p2p/12D3KooW${'A'.repeat(44)}/p2p-circuit`;
  const [, , check] = nodeChecks({ ...FACTS, addresses: ['/ip4/192.168.1.7/tcp/4001', circuit] });
  assert.equal(check!.text, 'listens at 192.168.1.7:4001');
});

test('notices are problems, each told once', () => {
  const notices = ['CLOCK_OFF', 'VERSION_OLD'].map((code) => ({ code, message: `${code}!`, since: 1 }));
  const checks = nodeChecks({ ...FACTS, notices }).filter(({ state }) => state === 'problem');
  assert.deepEqual(
    checks.map(({ name, text }) => [name, text]),
    [
      ['clock', 'CLOCK_OFF!'],
      ['node', 'VERSION_OLD!'],
    ],
  );
});

test('a chain that halted or has a problem is one; one that syncs or is absent is not', () => {
  const chain = FACTS.chain!;
  assert.equal(statesOf({ chain: { ...chain, state: 'halted' } }).chain, 'problem');
  assert.equal(statesOf({ chain: { ...chain, problem: 'it does not sign' } }).chain, 'problem');
  assert.equal(statesOf({ chain: { ...chain, state: 'syncing' } }).chain, 'note');
  assert.equal(statesOf({ chain: undefined }).chain, 'note');
});

test('a full disk, other arithmetic and a missing sandbox are told with what to do', () => {
  const sandbox = { available: false as const, reason: 'bubblewrap is missing' };
  const machine = { freeBytes: 1e8, engineProblem: 'other bits', sandbox };
  const checks = machineChecks(machine, true);
  assert.ok(checks.every(({ state, fix }) => state === 'problem' && fix !== undefined));
  assert.equal(machineChecks(machine, false).at(-1)!.state, 'note');
  assert.equal(machineChecks({ ...MACHINE, freeBytes: undefined }, true)[0]!.state, 'problem');
});

test('a report names no folder of a user, no token and no key', () => {
  const text =
    '/root/.local/x and /home/ann/bitorch, /Users/bob/y, C:\\Users\\eve\\z: 0123456789abcdef0123456789abcdef, Ab3-_Ab3-_Ab3-_Ab3-_Ab3-_Ab3-_99';
  const { checks } = doctorReport([{ name: 'node', state: 'problem', text, fix: text }], '/root');
  assert.equal(checks[0]!.text, '~/.local/x and ~/bitorch, ~/y, ~\\z: …, …');
  assert.equal(checks[0]!.fix, checks[0]!.text);
});

test('a report names no public address, and leaves those that tell nothing', () => {
  const text =
    'at 203.0.113.9:4001, [2001:db8::7]:4001, 203.0.113.10. Not 192.168.1.7, 127.0.0.1, fd00::1, ::1, 10:42:07, v1.2.3 or 24.1.0';
  const [check] = doctorReport([{ name: 'node', state: 'problem', text }]).checks;
  assert.equal(
    check!.text,
    'at PUBLIC-IP:4001, [PUBLIC-IP]:4001, PUBLIC-IP. Not 192.168.1.7, 127.0.0.1, fd00::1, ::1, 10:42:07, v1.2.3 or 24.1.0',
  );
});

test('the terminal shows a line a check, and what to do below a problem', () => {
  const absent = absentCheck(Object.assign(new Error('it is not the node'), { code: 'NODE_UNPROVEN' }));
  const report = doctorReport([absent, ...machineChecks({ ...MACHINE, freeBytes: 1e8 }, true)]);
  const lines = doctorLines(report);
  assert.equal(lines[0], 'PROBLEM  node       it is not the node');
  assert.equal(lines[1], 'PROBLEM  disk       0.1 GB free for the data directory');
  assert.match(lines[2]!, /^ {20}fix: free at least 2 GB/);
  assert.equal(lines.at(-1), '2 problems found.');
});

test('before the first start the disk is that on which the data directory will be', async () => {
  const { freeBytes } = await examineMachine(`${import.meta.dirname}/not/there/yet`);
  assert.ok(freeBytes !== undefined && freeBytes > 0);
  assert.equal((await examineMachine(`${import.meta.filename}/file`)).freeBytes, undefined);
});
