import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { NodeApi } from '#node';
import * as api from '#node/api';
import { json } from './responses.ts';

/** The first-run setup. `restart` starts the node again as a part of the network that it has joined. */
export function setupRoutes(app: FastifyInstance, node: Pick<NodeApi, 'setup'>, restart: () => void): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['setup'] });

  routes.get(
    '/api/setup',
    {
      schema: {
        ...described('Steps of the setup, the last measurement, and the roles that the node offers'),
        response: json(api.zSetup),
      },
    },
    () => node.setup().view(),
  );

  routes.patch(
    '/api/setup',
    {
      schema: {
        ...described('Record steps as done or skipped'),
        body: api.zSetupChange,
        response: json(api.zSetup),
      },
    },
    ({ body }) => node.setup().change(body),
  );

  routes.post(
    '/api/setup/measurement',
    {
      schema: {
        ...described('Measure processor, memory, disk and network for about ten seconds'),
        response: json(api.zMeasurement),
      },
    },
    () => node.setup().measure(),
  );

  routes.post(
    '/api/setup/test-network',
    {
      schema: {
        ...described('Join the test network of this build; the node starts again'),
        response: json(api.zJoined),
      },
    },
    async (_request, reply) => {
      await node.setup().joinTestNetwork();
      reply.raw.once('close', restart);
      if (reply.raw.closed) restart();
      return { joined: true as const };
    },
  );
}
