import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { BitorchError } from '#base';
import * as api from '#node/api';
import type { Access } from './access.ts';
import { json, NO_CONTENT } from './responses.ts';

/** Routes of the built page and of its session. Throws WEB_NOT_BUILT when the page is not built. */
export async function pageRoutes(app: FastifyInstance, webRoot: string, access: Access): Promise<void> {
  if (!existsSync(join(webRoot, 'index.html'))) {
    throw new BitorchError('WEB_NOT_BUILT', 'the page is not built yet: run "npm run build:web" first', {
      webRoot,
    });
  }
  await app.register(fastifyStatic, {
    root: webRoot,
    cacheControl: false,
    // The build puts .br and .gz files beside its own.
    preCompressed: true,
    setHeaders: (reply, path) => {
      // Vite puts a content hash into these file names.
      const hashed = path.startsWith(join(webRoot, 'assets'));
      reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });

  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['session'], security: [] });

  routes.get(
    '/api/session',
    { schema: { ...described('Whether this browser has a session'), response: json(api.zSession) } },
    (request) => ({ authenticated: access.hasSession(request) }),
  );

  routes.post(
    '/api/session',
    {
      schema: {
        ...described('Exchange the API token for a session cookie'),
        body: api.zSignIn,
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const cookie = access.signIn(request, request.body.token);
      return reply.header('set-cookie', cookie).code(204).send();
    },
  );

  routes.delete(
    '/api/session',
    { schema: { ...described('End the session of this browser'), response: NO_CONTENT } },
    async (request, reply) =>
      reply
        .header('set-cookie', await access.signOut(request))
        .code(204)
        .send(),
  );
}
