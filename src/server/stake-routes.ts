import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from '#base';
import type { NodeApi, StakeApi } from '#node';
import { noChain } from './chain-routes.ts';

const zAmount = z.string().regex(/^[1-9]\d{0,19}$/, 'must be an amount in sparks, in decimal digits');
const password = z.string().min(1).max(1024);
const zBond = z.strictObject({
  amount: zAmount,
  commission: z.number().min(0).max(1).default(0.1),
  password,
});
const zUnbond = z
  .strictObject({ amount: zAmount.optional(), password })
  .transform(({ amount, password }) => ({ password, ...(amount !== undefined && { amount }) }));
const zUnjail = z.strictObject({ password });

/** Routes for the bond of this node's validator. */
export function stakeRoutes(app: FastifyInstance, node: NodeApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['stake'] });
  const stake = (): StakeApi => {
    const found = node.stake?.();
    if (!found) throw noChain();
    return found;
  };

  routes.get('/api/stake', { schema: described("This node's validator and its bond") }, () => stake().view());

  routes.post(
    '/api/stake/bond',
    { schema: { ...described('Bond, or add to the bond'), body: zBond } },
    ({ body }) => stake().bond(body),
  );

  routes.post(
    '/api/stake/unbond',
    { schema: { ...described('Withdraw the bond or part of it'), body: zUnbond } },
    ({ body }) => stake().unbond(body),
  );

  routes.post(
    '/api/stake/unjail',
    { schema: { ...described('Unjail the validator'), body: zUnjail } },
    ({ body }) => stake().unjail(body),
  );
}
