import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { NodeApi, StakeApi } from '#node';
import * as api from '#node/api';
import { noChain } from './chain-routes.ts';
import { json } from './responses.ts';

/** Routes for the bond of this node's validator. */
export function stakeRoutes(app: FastifyInstance, node: NodeApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['stake'] });
  const stake = (): StakeApi => {
    const found = node.stake?.();
    if (!found) throw noChain();
    return found;
  };

  routes.get(
    '/api/stake',
    { schema: { ...described("This node's validator and its bond"), response: json(api.zStake) } },
    () => stake().view(),
  );

  routes.post(
    '/api/stake/bond',
    {
      schema: {
        ...described('Bond, or add to the bond'),
        body: api.zBond,
        response: json(api.zPaymentReceipt),
      },
    },
    ({ body }) => stake().bond(body),
  );

  routes.post(
    '/api/stake/unbond',
    {
      schema: {
        ...described('Withdraw the bond or part of it'),
        body: api.zUnbond,
        response: json(api.zPaymentReceipt),
      },
    },
    ({ body }) => stake().unbond(body),
  );

  routes.post(
    '/api/stake/unjail',
    {
      schema: {
        ...described('Unjail the validator'),
        body: api.zUnjail,
        response: json(api.zPaymentReceipt),
      },
    },
    ({ body }) => stake().unjail(body),
  );
}
