import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from '#base';
import type { NodeApi } from '#node';
import * as api from '#node/api';
import { notFound } from './errors.ts';
import { json } from './responses.ts';

const zById = z.object({ id: z.string().regex(/^[\w.-]{1,128}$/) });
const zByHash = z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) });

/** Routes for the safety of models and, on a security node, its examinations. */
export function securityRoutes(app: FastifyInstance, node: NodeApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['security'] });

  routes.get(
    '/api/security',
    {
      schema: {
        ...described('The safety of all models, as this node knows it'),
        response: json(api.zSecurity),
      },
    },
    () => node.security(),
  );

  routes.get(
    '/api/models/:id/safety',
    { schema: { ...described('The safety of one model'), params: zById, response: json(api.zSafety) } },
    (request) => {
      const { models } = node.security();
      const found = models.find(({ modelId }) => modelId === request.params.id);
      if (!found) throw notFound(`model "${request.params.id}"`);
      return found;
    },
  );

  routes.get(
    '/api/security/reports/:hash',
    {
      schema: { ...described('A canonical report in full'), params: zByHash, response: json(api.zReport) },
    },
    async (request) => {
      const report = await node.report(request.params.hash);
      if (!report) throw notFound(`report "${request.params.hash}"`);
      return report;
    },
  );
}
