import type { FastifyInstance } from 'fastify';
import { BitorchError } from '#base';
import type { NodeApi } from '#node';

/** The chain as this node sees it: height, finality, validators, mempool, recent blocks. */
export function chainRoutes(app: FastifyInstance, node: NodeApi): void {
  app.get('/api/chain', { schema: { summary: 'The chain as this node sees it', tags: ['chain'] } }, () => {
    const chain = node.chain();
    if (!chain) throw noChain();
    return chain;
  });
}

export const noChain = (): BitorchError =>
  new BitorchError(
    'NO_CHAIN',
    'this node has no full chain: start it with a genesis file and without --light',
  );
