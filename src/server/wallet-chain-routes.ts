import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from '#base';
import type { NodeApi } from '#node';
import { noChain } from './chain-routes.ts';
import { content } from './responses.ts';

const zQuestion = z.object({ question: z.string().min(1).max(32) });

/** Wallet queries to the chain, as binary requests and responses: docs/protocol/ledger.md. */
export function walletChainRoutes(app: FastifyInstance, node: NodeApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_, body, done) =>
    done(null, body),
  );
  const schema = {
    summary: "A wallet's query to the chain",
    tags: ['chain'],
    params: zQuestion,
    response: content('application/octet-stream'),
  };
  routes.post('/api/chain/:question', { schema }, async (request, reply) => {
    if (!node.walletChain) throw noChain();
    const question = request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
    const answer = await node.walletChain(request.params.question, question);
    return reply.header('content-type', 'application/octet-stream').send(Buffer.from(answer));
  });
}
