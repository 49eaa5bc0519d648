/**
 * A devnet of processes, and hostile peers of every kind in one more: they garble and flood gossip, spend twice, propose and
 * vote twice, squat sessions, audits and sockets, spam the directory, the swarm, the tracker and the HTTP API. Chats and
 * payments go on all the while. `node scripts/chaos-strangers.ts [--minutes 10] [--seed 1]` prints a report and fails when a
 * height is lost or differs, an honest node is banned or cut off, a chat or payment does not come to its end, memory grows,
 * or an event loop is held for more than 100 ms.
 *
 * What is measured begins when the devnet is ready: loading a model and compiling kernels at the start is the node's own
 * work, before anybody can reach what it does.
 */
import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Devnet, WALLET_PASSWORD } from '../src/cli/devnet/devnet.ts';
import { prepareDevnetChain } from '../src/cli/devnet/prepare-chain.ts';
import { TINY_MODEL } from '../test/support/network.ts';
import { NodeClient } from '../test/support/strangers/api.ts';
import type { Deeds } from '../test/support/strangers/crowd.ts';
import { workHonestly } from '../test/support/strangers/honest.ts';
import { pause, type World } from '../test/support/strangers/scene.ts';
import { inMb, Watch } from '../test/support/strangers/watch.ts';

const CROWD = join(import.meta.dirname, '../test/support/strangers/crowd-process.ts');
const STAGES = 3;
/** Kinds of attack at once, beside the two that go on by themselves. */
const AT_ONCE = 4;
/** Sparks that the honest user has at the beginning, at least. */
const PURSE = 200_000_000_000n;
/** In the genesis like the others; its key is the strangers'. */
const TRAITOR = 'traitor';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes and --seed are numbers');

// Bans are told at this level, and they are looked for.
process.env.BITORCH_LOG ??= 'info';
const say = (line: string) => console.log(line);
const folder = await mkdtemp(join(tmpdir(), 'bitorch-strangers-'));
const home = join(folder, 'devnet');
await prepareDevnetChain({
  folder: home,
  validators: ['seeder', 'stage-1', 'stage-2', 'stage-3', TRAITOR],
  others: ['you'],
  password: WALLET_PASSWORD,
});
const devnet = new Devnet(
  { home, cache: join(folder, 'cache'), nodes: STAGES, model: TINY_MODEL, port: 0 },
  { onProgress: () => undefined },
);
const broken: string[] = [];
try {
  await devnet.start();
  const ready = await Promise.all(devnet.processes.map(async (one) => ({ ...(await one.ready), one })));
  const nodes = ready.map(({ id, url, token, one }) => ({
    client: new NodeClient({ name: one.name, id, url, token }),
    home: one.home,
  }));
  const you = nodes.find(({ client }) => client.name === 'you')!.client;
  // What a faucet has paid from rests for some blocks, so it may have to be asked again.
  for (let paid = 0; paid < 3; await pause(1_000))
    paid += await you.faucet().then(
      () => 1,
      () => 0,
    );
  while (BigInt((await you.wallet()).balance?.spendable ?? '0') < PURSE) await pause(500);

  const { height, blockId } = await you.chain();
  const world: World = {
    contacts: ready.map(({ addresses }) => addresses[0]!),
    apis: ready.map(({ url }) => url),
    trackers: ready.flatMap(({ trackers }) => trackers),
    chain: {
      genesis: join(home, 'genesis.json'),
      contacts: ready.filter(({ one }) => one.name !== 'security').map(({ addresses }) => addresses[0]!),
      trust: `${height}:${blockId}`,
      validator: (await readFile(join(home, TRAITOR, 'validator.key'), 'utf8')).trim(),
    },
    folder,
  };
  say(`${ready.length} nodes are up; strangers for ${minutes} min, seed ${seed}`);
  const strangers = fork(CROWD, [JSON.stringify({ world, seed, atOnce: AT_ONCE })]);
  const deeds = new Promise<Deeds | undefined>((resolve) => {
    strangers.once('message', (message) => resolve(message as Deeds));
    strangers.once('exit', () => resolve(undefined));
  });
  const watch = new Watch(nodes);
  const end = AbortSignal.timeout(minutes * 60_000);
  const looking = watch.during(end);
  const work = await workHonestly(you, end);
  await looking;
  if (strangers.connected) strangers.send('stop');
  const done = await Promise.race([deeds, pause(30_000).then(() => undefined)]);
  strangers.kill('SIGKILL');
  const report = await watch.report();

  if (!done) broken.push('the strangers ended before their time');
  for (const [name, { done: ended, cut }] of Object.entries(done?.rounds ?? {}))
    say(`  ${name.padEnd(64)} ${String(ended).padStart(4)} rounds, ${cut} cut off`);
  say(`  cut off by: ${JSON.stringify(done?.cuts)}`);
  say(`  transactions handed in by strangers: ${JSON.stringify(done?.refusals)}`);
  say(`  signed twice: ${done?.doubles.proposals} proposals, votes of ${done?.doubles.votes} rounds\n`);
  for (const { name, height: at, held, rss, heldMax, heldOver } of report.nodes)
    say(
      `${name.padEnd(10)} height ${at || '–'}, memory held ${inMb(held[0])} → ${inMb(held[1])}, resident ${inMb(rss[0])} → ${inMb(rss[1])}, event loop held ${heldMax.toFixed(0)} ms at most, ${heldOver} times > 100 ms`,
    );
  say(
    `${work.audited} of ${work.chats} chats answered and audited, ${work.final} of ${work.payments} payments final`,
  );
  for (const line of work.again) say(`  tried again: ${line}`);
  broken.push(...report.broken, ...work.failures);
} finally {
  await devnet.stop();
  if (values.keep) say(`kept: ${folder}`);
  else await rm(folder, { recursive: true, force: true });
}
for (const line of broken) say(`✖ ${line}`);
say(broken.length === 0 ? 'every bar was held' : `${broken.length} bars were not held`);
process.exit(broken.length === 0 ? 0 : 1);
