/** A server on a free port, around a scripted node, with a page folder of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '#base';
import { ApiTokens, type NodeApi } from '#node';
import { createServer } from '#server';
import { keptThreads } from './kept-threads.ts';
import { type ScriptedNode, scriptedNode } from './scripted-node.ts';

export const TOKEN = 'test-token-of-this-node';

export interface Running<Served extends NodeApi = ScriptedNode> {
  url: string;
  node: Served;
  /** fetch with the API token. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** Stops the server as its node does; the returned function starts it again, on its port. */
  pause(): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/** `webRoot`: a built page; a folder with one line of HTML when absent. */
export async function startServer(webRoot?: string, port = 0): Promise<Running> {
  const node = scriptedNode();
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-threads-'));
  const conversations = keptThreads({
    folder,
    system: 'Be brief.',
    chat: (request, signal) => node.chat(request, signal),
    onChange: (id) => node.emit({ type: 'thread', id }),
  });
  node.conversations = conversations;
  const setAudit = node.setAudit.bind(node);
  node.setAudit = (audit) => {
    conversations.audited(audit);
    setAudit(audit);
  };
  const running = await serveNode(node, { webRoot, port });
  return {
    ...running,
    stop: async () => {
      await running.stop();
      await conversations.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A server around any node. */
export async function serveNode<Served extends NodeApi>(
  node: Served,
  {
    webRoot,
    port = 0,
    allowHosts = [],
  }: { webRoot?: string | undefined; port?: number; allowHosts?: string[] } = {},
): Promise<Running<Served>> {
  const folder = await mkdtemp(join(tmpdir(), 'bitorch-page-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Bitorch</title>');
  const options = {
    host: '127.0.0.1',
    allowHosts,
    tokens: await tokensIn(folder),
    sessions: join(folder, 'sessions'),
    webRoot: webRoot ?? folder,
  };
  const start = async (on: number) => {
    const made = createServer({ ...options, port: on }, { node, log: createLog('silent') });
    return { made, ...(await made.start()) };
  };
  let { made: server, url } = await start(port);
  return {
    url,
    node,
    pause: async () => {
      await server.stop();
      return async () => {
        ({ made: server, url } = await start(Number(new URL(url).port)));
      };
    },
    call: (path, init = {}) =>
      fetch(url + path, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } }),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The tokens of a node whose owner's is TOKEN. */
export async function tokensIn(folder: string): Promise<ApiTokens> {
  await writeFile(join(folder, 'api.token'), TOKEN);
  return ApiTokens.open(folder);
}

/** A POST of a JSON body. */
export const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
