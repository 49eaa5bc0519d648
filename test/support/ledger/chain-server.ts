import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '#base';
import { answerChainCall, type WalletChain } from '#ledger';
import { ApiTokens, announceApi } from '#node';
import { createServer } from '#server';
import { scriptedNode } from '../scripted-node.ts';

export interface ChainServer {
  /** Data directory on which the "node" runs: programs find its API there. */
  readonly home: string;
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** The real HTTP server over a chain, announced in a data directory of its own. */
export async function serveChain(chain: WalletChain | undefined): Promise<ChainServer> {
  const home = await mkdtemp(join(tmpdir(), 'bitorch-wallet-'));
  const tokens = await ApiTokens.open(home);
  await writeFile(join(home, 'index.html'), '<!doctype html>');
  const node = scriptedNode();
  if (chain) node.walletChain = (question, bytes) => answerChainCall(chain, question, bytes);
  const options = { host: '127.0.0.1', port: 0, tokens, sessions: join(home, 'sessions'), webRoot: home };
  const server = createServer(options, { node, log: createLog('silent') });
  const { url } = await server.start();
  const withdraw = await announceApi(home, url);
  return {
    home,
    url,
    token: tokens.owner,
    stop: async () => {
      await withdraw();
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
