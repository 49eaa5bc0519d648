import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLog, Lifecycle } from '#base';
import { ApiTokens, announceApi, hasNetwork, lockHome, Node, type NodeEvent } from '#node';
import { createServer } from '#server';
import { demandFreePort } from './free-port.ts';
import { tell } from './node-message.ts';
import { offerNetwork, terminalLines } from './offer-network.ts';
import { forgetPage, openPage } from './open-page.ts';
import { ProgressBoard } from './progress.ts';
import type { Settings } from './start-options.ts';

const WEB_ROOT = fileURLToPath(new URL('../../dist/web', import.meta.url));

/**
 * Runs a node and its server until `lifecycle` stops. Reads the settings anew and starts the node again in this process, at the same
 * address, whenever it has joined a network or its roles were changed. Rejects when a start fails.
 */
export async function runNode(readSettings: () => Promise<Settings>, lifecycle: Lifecycle): Promise<void> {
  const first = await readSettings();
  await demandFreePort(first.port, first.httpHost);
  lifecycle.onStop(await lockHome(first.home));
  let { port, browser } = first;
  for (let settings = first; !lifecycle.signal.aborted; settings = await readSettings()) {
    const run = new Lifecycle();
    const stop = () => run.stop();
    lifecycle.onStop(stop);
    const again = Promise.withResolvers<void>();
    lifecycle.signal.addEventListener('abort', () => again.resolve(), { once: true });
    const { url, work } = await startOnce(
      { ...settings, port, browser },
      { lifecycle: run, restart: again.resolve },
    );
    // A page that is open already connects again by itself.
    browser = false;
    port = Number(new URL(url).port);
    // A node that waits for a model may join a network meanwhile.
    await Promise.race([work.then(() => again.promise), again.promise]);
    await stop();
    await work.catch(() => undefined);
  }
}

/** Starts the node and its server once. Resolves with the URL of the page while the node begins its work. */
async function startOnce(
  settings: Settings,
  { lifecycle, restart }: { lifecycle: Lifecycle; restart: () => void },
): Promise<{ url: string; work: Promise<void> }> {
  const {
    httpHost: host,
    httpAllowHost: allowHosts,
    port,
    log: levels,
    fixed,
    browser,
    ...options
  } = settings;
  const log = createLog(levels);
  const sessions = join(options.home, 'api-sessions.json');
  const tokens = await ApiTokens.open(options.home);
  const board = process.send ? undefined : new ProgressBoard();
  const onEvent = (event: NodeEvent) => {
    if (event.type !== 'progress') return;
    if (board) board.update(options.name || 'this node', event);
    else tell(event);
  };
  const node = await Node.start(options, { log, onEvent, fixed, signal: lifecycle.signal });
  lifecycle.onStop(() => node.stop());
  const http = { host, allowHosts, port, tokens, sessions, webRoot: WEB_ROOT };
  const server = createServer(http, {
    ...{ node, log: log.child({ room: 'server' }), restart },
    stop: () => process.emit('SIGTERM'),
  });
  const { url } = await server.start();
  lifecycle.onStop(() => server.stop());
  lifecycle.onStop(await announceApi(options.home, url));
  const { id, addresses, trackers } = node;
  // Fetching a model may take hours; the page is available before that.
  const link = `${url}/#token=${tokens.owner}`;
  board?.print(`${options.name || id} is up: ${link}`);
  if (board && browser && (await openPage(options.home, link)))
    lifecycle.onStop(() => forgetPage(options.home));
  if (board && !hasNetwork(settings)) {
    const offer = { lines: terminalLines(lifecycle.signal), print: (line: string) => board.print(line) };
    void offerNetwork(node, offer, restart);
  }
  const work = async () => {
    await node.work((reason) => board?.print(`waiting: ${reason}`));
    board?.close();
    tell({ type: 'ready', id, url, token: tokens.owner, addresses, trackers: [...trackers] });
    if (board) process.stdout.write(`${options.name || id} is running: ${options.roles.join(', ')}\n`);
  };
  return { url, work: work() };
}
