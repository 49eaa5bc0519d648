import { join } from 'node:path';
import { cleanLines, cleanPiece, type Options, type OptionValues, z } from '#base';
import { zPort } from '#node/options';
import { HOME } from '../common-options.ts';
import { exitCodeOf, onStopSignal, printError } from '../exit.ts';
import { commandOf } from '../flags.ts';
import { ProgressBoard } from '../progress.ts';
import { type Answer, ask, auditOf, inviteOf, networkOf, securityOf } from './client.ts';
import { Devnet, WALLET_PASSWORD } from './devnet.ts';
import { lanAddress } from './lan-address.ts';
import { preflight } from './preflight.ts';
import type { Ready } from './process.ts';
import { formatAnswer, formatAudit, formatSafety, formatTransfers } from './report.ts';

const PROMPT = 'What is the capital of France?';

const OPTIONS = {
  nodes: { schema: z.number().int().min(1).max(64).default(3), value: 'n', help: 'stage nodes' },
  model: {
    schema: z.string().min(1).default('default'),
    value: 'source',
    help: 'hf:owner/name, pip:name==version, a folder, a .gguf file',
  },
  prompt: { schema: z.string().min(1).default(PROMPT), value: 'text', help: 'the first question' },
  once: { schema: z.boolean().default(false), help: 'exit after the answer; non-zero if anything failed' },
  port: { schema: zPort.default(7777), value: 'port', help: 'port of your page; 0 = any' },
  local: { schema: z.boolean().default(false), help: 'keep to this machine: others cannot join' },
  home: HOME,
} satisfies Options;

type Flags = OptionValues<typeof OPTIONS>;

/** `bitorch devnet`: runs a whole network on this machine and shows a first, audited answer. */
export const devnetCommand = commandOf(
  'devnet',
  'run a whole network on this machine: a security node, a seeder, stage nodes and your own node with the page',
  OPTIONS,
).action(async (flags: Flags) => {
  const { home, nodes, model, once } = flags;
  const board = new ProgressBoard();
  const options = {
    home: join(home, 'devnet'),
    cache: join(home, 'cache'),
    nodes,
    model,
    port: once ? 0 : flags.port,
    lan: once || flags.local ? undefined : lanAddress(),
  };
  const stop = new AbortController();
  const devnet = new Devnet(options, {
    onProgress: (node, progress) => board.update(node, progress),
    onEnd: (node, why, restarts) =>
      process.stderr.write(
        `\nbitorch: ${node} ${cleanLines(why)}\n${restarts ? 'Restarting it.' : 'It has ended too often and is not restarted.'}\n`,
      ),
    // "bitorch stop" has asked the user's node, and means the devnet.
    onLeave: (node) => node === 'you' && stop.abort(),
  });
  onStopSignal(() => stop.abort());
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
  let exitCode = 0;
  try {
    await preflight(options);
    exitCode = await Promise.race([run(devnet, flags, board, stop.signal), stopped.then(() => 0)]);
    if (!flags.once && !stop.signal.aborted) await stopped;
  } catch (error) {
    printError(error);
    exitCode = exitCodeOf(error);
  }
  await devnet.stop();
  process.exit(exitCode);
});

/** Starts the network, asks the first question and shows what happened. Returns the exit code. */
async function run(devnet: Devnet, flags: Flags, board: ProgressBoard, signal: AbortSignal): Promise<number> {
  const out = (text: string) => process.stdout.write(cleanPiece(text));
  const user = await devnet.start();
  board.close();
  out(`\n${formatSafety(await securityOf(user, signal))}\n`);
  out(`  page   ${user.url}/#token=${user.token}\n\n> ${flags.prompt}\n`);
  const answer: Answer = await ask(user, flags.prompt, out, signal);
  out(`\n\n${formatAnswer(answer)}\n`);
  const audit = await auditOf(user, answer.id, signal);
  out(`${formatAudit(audit)}\n\n${formatTransfers(await transfersOf(devnet, signal))}\n`);
  if (!flags.once) {
    out(`\n  The password of your wallet, which holds only test coins, is "${WALLET_PASSWORD}".\n`);
    out('  Open the page to continue. Ctrl-C stops all nodes.\n');
    if (devnet.lan !== undefined) out(await invitation(user, signal));
  }
  return audit.state === 'passed' && answer.text.length > 0 ? 0 : 1;
}

async function transfersOf(devnet: Devnet, signal: AbortSignal) {
  const rows = await Promise.all(
    devnet.processes.map(async (node) => {
      const { transfers } = await networkOf(await node.ready, signal);
      return transfers.map((transfer) => ({ node: node.name, transfer }));
    }),
  );
  return rows.flat();
}

/** How another machine of the local network joins. */
async function invitation(user: Ready, signal: AbortSignal): Promise<string> {
  return `\n  Another computer in your network joins with\n\nbitorch start "${await inviteOf(user, signal)}"\n`;
}
