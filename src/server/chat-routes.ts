import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { BitorchError, z } from '#base';
import type { ModelView, NodeApi } from '#node';
import { zError } from '#node/api';
import { holderOf } from './access.ts';
import { ChatPlaces } from './chat-places.ts';
import { toChatRequest, zCompletionRequest } from './chat-request.ts';
import { begin, streamCompletion, wholeCompletion } from './completion.ts';
import {
  type OpenAiModel,
  zCompletion,
  zCompletionChunk,
  zOpenAiModel,
  zOpenAiModels,
} from './completion-schema.ts';
import { HEARTBEAT_MS } from './constants.ts';
import { json } from './responses.ts';
import { clientSignal, sendEvents, withHeartbeat } from './sse.ts';

/** A whole answer, or a stream of chunks. */
const COMPLETION = {
  200: {
    content: {
      'application/json': { schema: zCompletion },
      'text/event-stream': { schema: zCompletionChunk },
    },
  },
  default: zError,
} as const;

const zRest = z.object({ '*': z.string() });

/** Routes of the OpenAI-compatible API. */
export function chatRoutes(app: FastifyInstance, node: NodeApi, serverSignal: AbortSignal): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const places = new ChatPlaces();

  routes.post(
    '/v1/chat/completions',
    {
      schema: {
        summary: 'Answer a chat, whole or as a stream',
        tags: ['openai'],
        body: zCompletionRequest,
        response: COMPLETION,
      },
    },
    async (request, reply) => {
      const chat = toChatRequest(request.body);
      const n = request.body.n ?? 1;
      const signal = clientSignal(reply, serverSignal);
      const release = await places.take(holderOf(request), n, signal);
      // Complete, or the client has gone.
      reply.raw.once('close', release);
      if (signal.aborted) release();
      const answer = await begin(node, chat, n, signal);
      if (!request.body.stream) return wholeCompletion(answer, node);
      const includeUsage = request.body.stream_options?.include_usage ?? false;
      return sendEvents(reply, withHeartbeat(streamCompletion(answer, node, includeUsage), HEARTBEAT_MS));
    },
  );

  routes.get(
    '/v1/models',
    { schema: { summary: 'List the models', tags: ['openai'], response: json(zOpenAiModels) } },
    () => ({ object: 'list' as const, data: node.models().map(openAiModel) }),
  );

  // Model ids may hold slashes, and OpenAI's clients do not always escape them.
  routes.get(
    '/v1/models/*',
    { schema: { summary: 'One model', tags: ['openai'], params: zRest, response: json(zOpenAiModel) } },
    ({ params: { '*': id } }) => {
      const model = node.models().find((candidate) => candidate.id === id || candidate.name === id);
      if (!model) throw new BitorchError('MODEL_UNKNOWN', `this network has no model "${id}"`);
      return openAiModel(model);
    },
  );
}

/** OpenAI requires a creation time, which manifests do not have: 0. */
const openAiModel = (model: ModelView): OpenAiModel => ({
  id: model.id,
  object: 'model',
  created: 0,
  owned_by: model.publisher,
  bitorch: model,
});
