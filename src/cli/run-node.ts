import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLog, type Lifecycle } from '#base';
import { ApiTokens, announceApi, lockHome, Node, type NodeEvent } from '#node';
import { createServer } from '#server';
import { demandFreePort } from './free-port.ts';
import { tell } from './node-message.ts';
import { ProgressBoard } from './progress.ts';
import type { Settings } from './start-options.ts';

const WEB_ROOT = fileURLToPath(new URL('../../dist/web', import.meta.url));

/** Starts a node and its server; `lifecycle` stops them. */
export async function runNode(settings: Settings, lifecycle: Lifecycle): Promise<void> {
  const { httpHost: host, httpAllowHost: allowHosts, port, log: levels, ...options } = settings;
  const log = createLog(levels);
  await demandFreePort(port, host);
  lifecycle.onStop(await lockHome(options.home));
  const sessions = join(options.home, 'api-sessions.json');
  const tokens = await ApiTokens.open(options.home);
  const board = process.send ? undefined : new ProgressBoard();
  const onEvent = (event: NodeEvent) => {
    if (event.type !== 'progress') return;
    if (board) board.update(options.name || 'this node', event);
    else tell(event);
  };
  const node = await Node.start(options, { log, onEvent, signal: lifecycle.signal });
  lifecycle.onStop(() => node.stop());
  const http = { host, allowHosts, port, tokens, sessions, webRoot: WEB_ROOT };
  const server = createServer(http, { node, log: log.child({ room: 'server' }) });
  const { url } = await server.start();
  lifecycle.onStop(() => server.stop());
  lifecycle.onStop(await announceApi(options.home, url));
  const { id, addresses, trackers } = node;
  // Fetching a model may take hours; the page is available before that.
  board?.print(`${options.name || id} is up: ${url}/#token=${tokens.owner}`);
  await node.work((reason) => board?.print(`waiting: ${reason}`));
  board?.close();
  tell({ type: 'ready', id, url, token: tokens.owner, addresses, trackers: [...trackers] });
  if (board) process.stdout.write(`${options.name || id} is running: ${options.roles.join(', ')}\n`);
}
