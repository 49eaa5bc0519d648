import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { NodeApi } from '#node';
import * as api from '#node/api';
import { json } from './responses.ts';

/** Inviting to this node's network, and joining one. `restart` starts the node again as a part of the network that it has joined. */
export function joinRoutes(app: FastifyInstance, node: NodeApi, restart: () => void): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['bitorch'] });

  routes.get(
    '/api/network/invite',
    { schema: { ...described("A new invite to this node's network"), response: json(api.zInviteText) } },
    () => ({ invite: node.invite() }),
  );

  routes.post(
    '/api/network/join',
    {
      schema: {
        ...described('Join the network of an invite; the node starts again'),
        body: api.zJoin,
        response: json(api.zJoined),
      },
    },
    async (request, reply) => {
      const { invite, acceptRisks = false } = request.body;
      await node.join(invite, { acceptRisks });
      // Comes too when the client has gone before the answer.
      reply.raw.once('close', restart);
      if (reply.raw.closed) restart();
      return { joined: true as const };
    },
  );
}
