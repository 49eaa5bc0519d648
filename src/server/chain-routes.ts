import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { BitorchError } from '#base';
import type { NodeApi } from '#node';
import * as api from '#node/api';
import { json } from './responses.ts';

/** The chain as this node sees it: height, finality, validators, mempool, recent blocks. */
export function chainRoutes(app: FastifyInstance, node: NodeApi): void {
  app
    .withTypeProvider<ZodTypeProvider>()
    .get(
      '/api/chain',
      { schema: { summary: 'The chain as this node sees it', tags: ['chain'], response: json(api.zChain) } },
      () => {
        const chain = node.chain();
        if (!chain) throw noChain();
        return chain;
      },
    );
}

export const noChain = (): BitorchError =>
  new BitorchError(
    'NO_CHAIN',
    'this node has no full chain: start it with a genesis file and without --light',
  );
