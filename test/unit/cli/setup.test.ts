import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError } from '#base';
import type { SettingsChange, SetupView } from '#node';
import { parseLimits } from '../../../src/cli/setup/limits-text.ts';
import type { SetupNode, SetupPlace } from '../../../src/cli/setup/place.ts';
import { type Person, runWizard } from '../../../src/cli/setup/wizard.ts';
import { scriptedNode } from '../../support/scripted-node.ts';

const WORDS = Array.from({ length: 24 }, (_, i) => `word${'abcdefghijklmnopqrstuvwx'[i]}`);

/** A place whose steps are all open, and what was done to it. */
function place({ node = true, network = true }: { node?: boolean; network?: boolean } = {}) {
  const view: SetupView = structuredClone(scriptedNode().setup().view());
  for (const step of view.steps) {
    step.state = 'open';
    delete step.blocked;
  }
  view.steps[0]!.state = network ? 'open' : 'done';
  const done: unknown[] = [];
  const running: SetupNode = {
    wallet: async () => ({ state: 'missing', backedUp: false, height: 0 }),
    createWallet: async (request) => {
      if (request.password === 'weak') throw new BitorchError('PASSWORD_WEAK', 'too easy to guess');
      done.push(['wallet', request]);
      return { words: WORDS, ask: [3, 9, 24] };
    },
    words: async () => ({ words: WORDS, ask: [1, 2, 3] }),
    checkWords: async ({ words }) => words.every(({ position, word }) => WORDS[position - 1] === word),
    reach: async () => ({
      ...{ state: 'relayed', addresses: [], proven: [], seenAs: [], mapped: [], relays: [] },
      ...{ holePunched: 0, nat: 'cone', advice: 'forward a port' },
    }),
  };
  const all: SetupPlace = {
    view: async () => {
      view.next = view.steps.find(({ state }) => state === 'open')?.name ?? null;
      return structuredClone(view);
    },
    change: async ({ steps }) => {
      for (const step of view.steps) step.state = steps[step.name] ?? step.state;
    },
    measure: async () => void done.push('measured'),
    join: async (invite, { acceptRisks = false } = {}) => {
      if (invite.endsWith('risky') && !acceptRisks)
        throw new BitorchError('INVITE_RISKY', 'nobody checks models');
      if (!invite.startsWith('bitorch:')) throw new BitorchError('INVITE_INVALID', 'this is no invite');
      done.push(['joined', invite]);
    },
    joinTestNetwork: async () => void done.push('joined the test network'),
    changeSettings: async (change: SettingsChange) => void done.push(change),
    node: node ? running : undefined,
  };
  const states = () => Object.fromEntries(view.steps.map(({ name, state }) => [name, state]));
  return { all, view, done, states };
}

/** Answers in order; a person who has none left presses Ctrl-C. */
function person(...answers: string[]): Person & { printed: string; asked: number; left: string[] } {
  const self = {
    ...{ printed: '', asked: 0, left: answers },
    async ask(question: string, options: { more?: (given: string) => string | undefined } = {}) {
      self.printed += `${question}\n`;
      self.asked++;
      const next = () => {
        const answer = answers.shift();
        if (answer === undefined) throw new BitorchError('INTERRUPTED', 'nothing was done');
        return answer;
      };
      let given = next();
      while (options.more?.(given) !== undefined) given += `\n${next()}`;
      return given;
    },
    print: (line: string) => {
      self.printed += `${line}\n`;
    },
  };
  return self;
}

test('a setup takes seven answers at most', async () => {
  const { all, done, states } = place();
  const user = person(
    'bitorch://join?x',
    '',
    'up 500, disk 20 GB',
    'new',
    'secret',
    'secret',
    'wordc wordi wordx',
  );
  await runWizard(all, user);
  assert.equal(user.asked, 7);
  assert.deepEqual(done, [
    ['joined', 'bitorch://join?x'],
    { roles: ['client'] },
    { limits: { uploadRate: 500, diskBytes: 20e9 } },
    ['wallet', { password: 'secret' }],
  ]);
  assert.deepEqual(new Set(Object.values(states())), new Set(['done']));
  for (const said of ['7.5 ms per token', 'Nothing is paid for this work yet', 'forward a port', '24 wordx'])
    assert.ok(user.printed.includes(said), said);
});

test('every step can be skipped', async () => {
  const { all, done, states } = place();
  await runWizard(all, person('skip', 'skip', 'skip', 'skip'));
  assert.deepEqual(done, []);
  const { reach, ...others } = states();
  assert.equal(reach, 'done');
  assert.deepEqual(new Set(Object.values(others)), new Set(['skipped']));
});

test('an interrupted setup continues with the step that it left', async () => {
  const { all, done, states } = place();
  await assert.rejects(runWizard(all, person('', 'client seed')), { code: 'INTERRUPTED' });
  assert.equal(states().roles, 'done');
  assert.equal(states().limits, 'open');
  done.length = 0;
  const user = person('hours 22:00-07:00, battery', '');
  await runWizard(all, user);
  assert.deepEqual(done, [{ limits: { hours: '22:00-07:00', pauseOnBattery: true } }]);
  assert.match(user.printed, /The setup is finished\.\n$/);
  const again = person();
  await runWizard(all, again);
  assert.equal(again.asked, 0);
});

test('a wrong answer is asked for again, with the reason', async () => {
  const { all, done } = place();
  const limits = ['up 3', 'upload 500', 'disk much', 'hours 25:00-07:00', 'none'];
  const wallet = [
    'new',
    'weak',
    'weak',
    'new',
    'secret',
    'other',
    'new',
    'secret',
    'secret',
    'a b c',
    'wordc wordi',
  ];
  const user = person('hello', 'bitorch://x', 'miner', 'seed', ...limits, ...wallet, 'wordc, wordi, wordx');
  await runWizard(all, user);
  assert.deepEqual(user.left, []);
  assert.equal(done.length, 4);
  for (const said of [
    'this is no invite',
    '"miner" is not a role',
    'too easy',
    'passwords differ',
    'not the words',
  ])
    assert.ok(user.printed.includes(said), said);
});

test('words may be pasted in several lines, and are not asked for again', async () => {
  const { all, view, done } = place();
  for (const step of view.steps) if (step.name !== 'wallet') step.state = 'skipped';
  await runWizard(all, person(WORDS.slice(0, 12).join(' '), WORDS.slice(12).join(' '), 'secret', 'secret'));
  const [[, request]] = done as [[string, { words: string }]];
  assert.equal(request.words, `${WORDS.slice(0, 12).join(' ')}\n${WORDS.slice(12).join(' ')}`);
});

test('what needs a running node stays open without one, and says so', async () => {
  const { all, view, states } = place({ node: false });
  for (const step of view.steps)
    if (step.name === 'wallet' || step.name === 'reach') step.blocked = 'needs a running node';
  const user = person('', '', '');
  await runWizard(all, user);
  assert.deepEqual(states(), {
    ...{ network: 'skipped', roles: 'done', limits: 'done', wallet: 'open', reach: 'open' },
  });
  assert.match(user.printed, /Open: wallet, reach\. Run "bitorch setup" again/);
});

test('limits are read as people write them', () => {
  assert.deepEqual(parseLimits('Disk: 1.5 TB,up=100 kB/s, down 2 MB/s'), {
    ...{ diskBytes: 1.5e12, uploadRate: 100, downloadRate: 2000 },
  });
  assert.deepEqual(parseLimits('battery no'), { pauseOnBattery: false });
  assert.equal(parseLimits(' None ').hours, null);
  for (const wrong of ['up -5', 'up 1.5', 'up 500 MB', 'disk 5 XB', 'fast', 'constructor 5', 'hours 7-9'])
    assert.throws(() => parseLimits(wrong), { code: 'OPTION_INVALID' }, wrong);
});

test('an invite that gives up safety is joined after a yes only', async () => {
  const { all, done, states } = place();
  const refusing = person('bitorch://risky', '', 'skip', 'skip', 'skip');
  await runWizard(all, refusing);
  assert.deepEqual(done, []);
  assert.equal(states().network, 'open');
  assert.match(refusing.printed, /nobody checks models\nJoin\?/);
  await runWizard(all, person('bitorch://risky', 'y'));
  assert.deepEqual(done, [['joined', 'bitorch://risky']]);
});
