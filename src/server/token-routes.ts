import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from '#base';
import type { ApiTokens } from '#node';
import * as api from '#node/api';
import { notFound } from './errors.ts';
import { json, NO_CONTENT } from './responses.ts';

/** Routes for API tokens: one per program, limited by scopes, revoked by name. */
export function tokenRoutes(app: FastifyInstance, tokens: ApiTokens): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['access'] });

  routes.get(
    '/api/tokens',
    {
      schema: {
        ...described('The named tokens, without their secrets'),
        response: json(z.array(api.zToken)),
      },
    },
    () => tokens.list(),
  );

  routes.post(
    '/api/tokens',
    {
      schema: {
        ...described('Create a token; it is shown only once'),
        body: api.zNewToken,
        response: json(api.zCreatedToken),
      },
    },
    async ({ body: { name, scopes } }) => ({ name, scopes, token: await tokens.create(name, scopes) }),
  );

  routes.delete(
    '/api/tokens/:name',
    {
      schema: {
        ...described('Revoke a token'),
        params: z.object({ name: z.string() }),
        response: NO_CONTENT,
      },
    },
    async ({ params }, reply) => {
      await tokens.revoke(params.name);
      return reply.code(204).send();
    },
  );
}

/** Lets a program check, before it sends its token, that the server knows it. */
export function proofRoute(app: FastifyInstance, tokens: ApiTokens): void {
  const schema = {
    summary: 'Prove that this server knows a token',
    tags: ['access'],
    security: [],
    querystring: api.zProofQuestion,
    response: json(api.zTokenProof),
  };
  app.withTypeProvider<ZodTypeProvider>().get('/api/proof', { schema }, ({ query, socket }) => {
    const proof = tokens.prove(query.token, query.nonce, socket.localPort ?? 0);
    if (!proof) throw notFound('token of this id');
    return { proof };
  });
}
