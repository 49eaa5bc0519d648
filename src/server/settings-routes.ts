import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { NodeApi } from '#node';
import * as api from '#node/api';
import { json } from './responses.ts';

/** Roles and limits of the node. `restart` starts the node again with other roles. */
export function settingsRoutes(
  app: FastifyInstance,
  node: Pick<NodeApi, 'settings' | 'changeSettings'>,
  restart: () => void,
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['bitorch'] });

  routes.get(
    '/api/settings',
    { schema: { ...described('Roles and limits of the node'), response: json(api.zSettings) } },
    () => node.settings(),
  );

  routes.patch(
    '/api/settings',
    {
      schema: {
        ...described('Change roles and limits; limits apply at once, with other roles the node starts again'),
        body: api.zSettingsChange,
        response: json(api.zSettingsChanged),
      },
    },
    async (request, reply) => {
      const changed = await node.changeSettings(request.body);
      if (changed.restarts) reply.raw.once('finish', restart);
      return changed;
    },
  );
}
