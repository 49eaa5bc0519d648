import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { BitorchError } from '#base';
import type { ModelView, NodeApi } from '#node';
import { holderOf } from './access.ts';
import { ChatPlaces } from './chat-places.ts';
import { toChatRequest, zCompletionRequest } from './chat-request.ts';
import { begin, streamCompletion, wholeCompletion } from './completion.ts';
import { HEARTBEAT_MS } from './constants.ts';
import { clientSignal, sendEvents, withHeartbeat } from './sse.ts';

/** Routes of the OpenAI-compatible API. */
export function chatRoutes(app: FastifyInstance, node: NodeApi, serverSignal: AbortSignal): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const places = new ChatPlaces();

  routes.post(
    '/v1/chat/completions',
    {
      schema: { summary: 'Answer a chat, whole or as a stream', tags: ['openai'], body: zCompletionRequest },
    },
    async (request, reply) => {
      const chat = toChatRequest(request.body);
      const n = request.body.n ?? 1;
      // Released when the answers are complete or the client has gone.
      reply.raw.once('close', places.take(holderOf(request), n));
      const answer = await begin(node, chat, n, clientSignal(reply, serverSignal));
      if (!request.body.stream) return wholeCompletion(answer, node);
      const includeUsage = request.body.stream_options?.include_usage ?? false;
      return sendEvents(reply, withHeartbeat(streamCompletion(answer, node, includeUsage), HEARTBEAT_MS));
    },
  );

  routes.get('/v1/models', { schema: { summary: 'List the models', tags: ['openai'] } }, () => ({
    object: 'list',
    data: node.models().map(openAiModel),
  }));

  // Model ids may hold slashes, and OpenAI's clients do not always escape them.
  routes.get('/v1/models/*', { schema: { summary: 'One model', tags: ['openai'] } }, (request) => {
    const id = (request.params as { '*': string })['*'];
    const model = node.models().find((candidate) => candidate.id === id || candidate.name === id);
    if (!model) throw new BitorchError('MODEL_UNKNOWN', `this network has no model "${id}"`);
    return openAiModel(model);
  });
}

/** OpenAI requires a creation time, which manifests do not have: 0. */
const openAiModel = (model: ModelView) => ({
  id: model.id,
  object: 'model',
  created: 0,
  owned_by: model.publisher,
  bitorch: model,
});
