import { BitorchError, cleanText, codeOf, messageOf, pause } from '#base';
import type { BackupWords, Measured, RoleOffer, SetupStep, SetupView } from '#node';
import { zRole } from '#node/api';
import { formatBytes } from '../progress.ts';
import { inColumns } from '../wallet/create.ts';
import { parseLimits } from './limits-text.ts';
import { openSteps, type SetupNode, type SetupPlace } from './place.ts';

/** The person at the terminal. */
export interface Person {
  /** One line, or more while `more` says what is missing. Throws INTERRUPTED on Ctrl-C. */
  ask(
    question: string,
    options?: { hidden?: boolean; more?: (given: string) => string | undefined },
  ): Promise<string>;
  print(line: string): void;
}

const LOOK_MS = 250;
const WORDS = 24;

/** What comes of a step; `later` leaves it open for the next time. */
type Outcome = 'done' | 'skipped' | 'later';
type Step = (place: SetupPlace, person: Person) => Promise<Outcome>;

/**
 * Goes through the steps of the setup that are open. Each is recorded when it is finished, so that the setup continues there after
 * an interruption. Wrong answers are asked for again; an empty one takes what is proposed, or skips.
 */
export async function runWizard(place: SetupPlace, person: Person): Promise<void> {
  const { steps, next } = await place.view();
  if (next === null)
    return person.print('The setup is finished. Run "bitorch setup --again" to go through it again.');
  person.print(
    'An empty answer takes the proposal; "skip" skips a step; Ctrl-C stops, and the setup continues there next time.',
  );
  for (const { name, state } of steps) {
    if (state !== 'open') continue;
    // A step may have freed this one.
    const blocked = (await place.view()).steps.find((step) => step.name === name)?.blocked;
    if (blocked !== undefined) {
      person.print(`\n${TITLES[name]}: ${blocked}.`);
      continue;
    }
    person.print(`\n${TITLES[name]}`);
    const outcome = await repeated(() => STEPS[name](place, person), person);
    if (outcome !== 'later') await place.change({ steps: { [name]: outcome } });
  }
  const after = await place.view();
  person.print(
    `\n${after.next === null ? 'The setup is finished.' : `Open: ${openSteps(after)}. Run "bitorch setup" again for it.`}`,
  );
}

/** Asks again after a wrong answer. */
async function repeated(step: () => Promise<Outcome>, person: Person): Promise<Outcome> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof BitorchError) || !ASKED_AGAIN.includes(error.code)) throw error;
      person.print(cleanText(messageOf(error), 1024));
    }
  }
}

/** Errors that another answer mends. */
const ASKED_AGAIN: readonly string[] = [
  ...['INVITE_INVALID', 'INVITE_EXPIRED', 'INVITE_OUTDATED', 'INVITE_FOREIGN', 'JOIN_UNREACHABLE'],
  ...['OPTION_INVALID', 'LIMIT_UNSUPPORTED', 'SETTING_FIXED', 'TEST_NETWORK_EMPTY'],
  ...['PASSWORD_WEAK', 'PASSWORD_DIFFERS', 'PASSWORD_WRONG', 'WORDS_INVALID'],
];

const TITLES: Readonly<Record<SetupStep, string>> = {
  network: 'Network',
  roles: 'Roles',
  limits: 'Limits',
  wallet: 'Wallet',
  reach: 'Reachability',
};

const STEPS: Readonly<Record<SetupStep, Step>> = { network, roles, limits, wallet, reach };

const isSkip = (answer: string): boolean => answer.trim().toLowerCase() === 'skip';

async function network(place: SetupPlace, person: Person): Promise<Outcome> {
  const { testNetwork } = await place.view();
  person.print(testNetwork.text);
  const proposal = testNetwork.available ? 'empty joins the test network' : 'empty skips';
  const answer = await person.ask(`Paste an invite (${proposal}): `);
  if (isSkip(answer) || (answer.trim() === '' && !testNetwork.available)) return 'skipped';
  if (answer.trim() === '') await place.joinTestNetwork();
  else if (!(await joinWithRisks(place, person, answer))) return 'later';
  person.print('Joined.');
  return 'done';
}

/** Joins by an invite; where it gives up safety, only if the person wants it. Returns whether it has joined. */
async function joinWithRisks(place: SetupPlace, person: Person, invite: string): Promise<boolean> {
  try {
    await place.join(invite);
  } catch (error) {
    if (codeOf(error) !== 'INVITE_RISKY') throw error;
    person.print(cleanText(messageOf(error), 1024));
    if (!/^y(es)?$/i.test((await person.ask('Join? [y/N] ')).trim())) return false;
    await place.join(invite, { acceptRisks: true });
  }
  return true;
}

async function roles(place: SetupPlace, person: Person): Promise<Outcome> {
  const view = await measured(place, person);
  const { result, problem } = view.measurement;
  if (result) for (const line of measurementLines(result)) person.print(line);
  if (problem !== undefined) person.print(`The measurement failed: ${problem}`);
  for (const line of roleLines(view.roles)) person.print(line);
  const proposal = view.roles.filter(({ proposed }) => proposed).map(({ role }) => role);
  const answer = await person.ask(`Roles, separated by commas [${proposal.join(',')}]: `);
  if (isSkip(answer)) return 'skipped';
  const names = answer.split(/[\s,]+/).filter((name) => name !== '');
  const chosen = names.length === 0 ? proposal : names.map(roleOf);
  await place.changeSettings({ roles: chosen });
  return 'done';
}

function roleOf(name: string) {
  const result = zRole.safeParse(name.toLowerCase());
  if (result.success) return result.data;
  throw new BitorchError(
    'OPTION_INVALID',
    `"${name}" is not a role: choose from ${zRole.options.join(', ')}`,
  );
}

/** The view after a measurement: the last one, or else a new one. */
async function measured(place: SetupPlace, person: Person): Promise<SetupView> {
  let view = await place.view();
  if (view.measurement.state === 'none') {
    person.print('Measuring this computer for about ten seconds …');
    await place.measure();
    view = await place.view();
  }
  while (view.measurement.state === 'running') {
    await pause(LOOK_MS);
    view = await place.view();
  }
  return view;
}

function measurementLines({ cpu, memory, disk, up, down }: Measured): string[] {
  const rate = (name: string, { bytesPerSecond, reason }: Measured['up']) =>
    `  ${name}  ${bytesPerSecond === null ? `not known: ${reason}` : `${formatBytes(bytesPerSecond)}/s`}`;
  return [
    `  cpu     ${cpu.msPerToken.toFixed(1)} ms per token of ${cpu.reference} on one of ${cpu.cores} cores`,
    `  memory  ${formatBytes(memory.freeBytes)} of ${formatBytes(memory.totalBytes)} free`,
    `  disk    ${formatBytes(disk.freeBytes)} of ${formatBytes(disk.totalBytes)} free`,
    rate('up    ', up),
    rate('down  ', down),
  ];
}

const roleLines = (offers: readonly RoleOffer[]): string[] =>
  offers.flatMap(({ role, proposed, reason, cost, reward }) => [
    `  ${proposed ? '*' : ' '} ${role.padEnd(9)} ${reason}`,
    `              costs:  ${cost.text}`,
    `              brings: ${reward.text}`,
  ]);

async function limits(place: SetupPlace, person: Person): Promise<Outcome> {
  person.print(
    'Disk space for models, upload and download in kB/s, hours of work for others, pause on battery.',
  );
  const answer = await person.ask(
    'Limits, such as "disk 20GB, up 500, hours 22:00-07:00, battery"; "none" lifts all [as they are]: ',
  );
  if (isSkip(answer)) return 'skipped';
  if (answer.trim() !== '') await place.changeSettings({ limits: parseLimits(answer) });
  return 'done';
}

async function wallet({ node }: SetupPlace, person: Person): Promise<Outcome> {
  if (!node) return 'later';
  const { state, backedUp } = await node.wallet();
  if (state !== 'missing') {
    person.print(
      backedUp ? 'There is a wallet already.' : 'There is a wallet whose words were not checked yet.',
    );
    if (backedUp) return 'done';
    const password = await person.ask('Its password, to see them [skip]: ', { hidden: true });
    if (isSkip(password) || password === '') return 'skipped';
    return checkBackup(node, person, { password, backup: await node.words(password) });
  }
  const question = 'Paste 24 words to restore a wallet, or write "new" [skip]: ';
  const answer = (await person.ask(question, { more: missingWords })).trim();
  if (isSkip(answer) || answer === '') return 'skipped';
  const isNew = answer.toLowerCase() === 'new';
  const password = await person.ask('Password for the wallet: ', { hidden: true });
  if ((await person.ask('Repeat it: ', { hidden: true })) !== password)
    throw new BitorchError('PASSWORD_DIFFERS', 'the two passwords differ; nothing was changed');
  const backup = await node.createWallet(isNew ? { password } : { password, words: answer });
  return isNew ? checkBackup(node, person, { password, backup }) : 'done';
}

/** What to ask for while words come in several lines. */
function missingWords(given: string): string | undefined {
  if (['', 'new', 'skip'].includes(given.trim().toLowerCase())) return undefined;
  const count = given.match(/[a-z]+/gi)?.length ?? 0;
  return count < WORDS ? `${count} of ${WORDS} words, continue: ` : undefined;
}

/** Shows the words and asks for three of them, so that nobody goes on without having written them down. */
async function checkBackup(
  node: SetupNode,
  person: Person,
  { password, backup }: { password: string; backup: BackupWords },
): Promise<Outcome> {
  const { words: all, ask } = backup;
  person.print('\nWrite these 24 words down on paper. Anyone who has them can spend the money.\n');
  person.print(inColumns(all.join(' ')));
  for (;;) {
    const answer = await person.ask(`\nWords ${ask.join(', ')}, to check that they are on paper: `);
    if (isSkip(answer)) return 'skipped';
    const given = answer.split(/[\s,]+/).filter((word) => word !== '');
    const words = ask.map((position, i) => ({ position, word: given[i] ?? '' }));
    if (given.length === ask.length && (await node.checkWords({ password, words }))) return 'done';
    person.print('Those are not the words. Look at your paper again, or write "skip".');
  }
}

async function reach({ node }: SetupPlace, person: Person): Promise<Outcome> {
  const found = await node?.reach();
  if (!found) return 'later';
  person.print(REACH[found.state]);
  if (found.advice !== '') person.print(`To improve it: ${cleanText(found.advice, 1024)}`);
  return 'done';
}

const REACH = {
  direct: 'Others connect directly to this computer.',
  'hole-punched': 'Others meet this computer at a relay, then connect directly.',
  relayed: 'Others reach this computer through relays, which is slower.',
  unreachable: 'Others cannot connect to this computer; it still connects to them.',
} as const;
