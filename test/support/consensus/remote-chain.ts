import { fromHex, toHex } from '#base';
import type { WalletChain } from '#ledger';
import {
  type ApplicationPort,
  applicationChain,
} from '../../../src/consensus/application/queries/application-chain.ts';
import type { ChainProcess } from './cluster.ts';

/** The application of a node process, and its mempool. */
export const remoteApplication = (node: ChainProcess): ApplicationPort => ({
  async query({ path, data }) {
    const question = { type: 'query' as const, path, data: toHex(data) };
    const { value, ...rest } = await node.ask<{ code: number; log: string; value: string }>(question);
    return { ...rest, value: fromHex(value) };
  },
  checkTx: ({ bytes }) => node.ask({ type: 'submit', transaction: toHex(bytes) }),
});

/** The chain of a node process, as a wallet outside of it asks for it. */
export const remoteChain = (node: ChainProcess): WalletChain => applicationChain(remoteApplication(node));
