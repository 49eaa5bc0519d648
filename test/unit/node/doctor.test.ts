import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absentCheck, doctorLines } from '../../../src/cli/doctor.ts';
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
  assert.ok(checks.some(({ text }) => text === 'listens at 192.0.2.7:4001'));
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

test('the terminal shows a line a check, and what to do below a problem', () => {
  const absent = absentCheck(Object.assign(new Error('it is not the node'), { code: 'NODE_UNPROVEN' }));
  const report = doctorReport([absent, ...machineChecks({ ...MACHINE, freeBytes: 1e8 }, true)]);
  const lines = doctorLines(report);
  assert.equal(lines[0], 'PROBLEM  node       it is not the node');
  assert.equal(lines[1], 'PROBLEM  disk       0.1 GB free for the data directory');
  assert.match(lines[2]!, /^ {20}fix: free at least 2 GB/);
  assert.equal(lines.at(-1), '2 problems found.');
});
