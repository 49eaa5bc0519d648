import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { BitorchError } from '#base';
import type { FollowEvent, NodeApi, ThreadsApi } from '#node';
import * as api from '#node/api';
import { holderOf } from './access.ts';
import { HEARTBEAT_MS } from './constants.ts';
import { EventStreams } from './event-streams.ts';
import { content, json, NO_CONTENT } from './responses.ts';
import { clientSignal, sendEvents, sseData, withHeartbeat } from './sse.ts';

/** Routes of the conversations that the node keeps. They are private: only the owner's token and the page may use them. */
export function threadRoutes(app: FastifyInstance, node: NodeApi, serverSignal: AbortSignal): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['threads'] });
  const streams = new EventStreams();
  const threads = (): ThreadsApi => {
    const found = node.threads?.();
    if (found) return found;
    throw new BitorchError(
      'NOT_A_CLIENT',
      'this node does not chat, so it keeps no conversations: start it with the role "client"',
    );
  };

  routes.get(
    '/api/threads',
    {
      schema: {
        ...described('The conversations, newest first'),
        querystring: api.zThreadSearch,
        response: json(api.zThreadList),
      },
    },
    async ({ query }) => ({
      threads: await threads().list(query.search?.trim()),
      defaults: threads().defaults,
    }),
  );

  routes.post(
    '/api/threads',
    {
      schema: {
        ...described('Begin a conversation'),
        body: api.zPartialSettings,
        response: json(api.zThread),
      },
    },
    ({ body }) => threads().create(body),
  );

  routes.get(
    '/api/threads/:id',
    { schema: { ...described('A conversation'), params: api.zThreadId, response: json(api.zThread) } },
    ({ params }) => threads().get(params.id),
  );

  routes.patch(
    '/api/threads/:id',
    {
      schema: {
        ...described('Rename a conversation, change its settings, or show another version'),
        params: api.zThreadId,
        body: api.zThreadChange,
        response: json(api.zThread),
      },
    },
    ({ params, body }) => threads().change(params.id, body),
  );

  routes.delete(
    '/api/threads/:id',
    {
      schema: {
        ...described('Delete a conversation; it can be restored for a minute'),
        params: api.zThreadId,
        response: NO_CONTENT,
      },
    },
    async ({ params }, reply) => {
      await threads().remove(params.id);
      return reply.code(204).send();
    },
  );

  routes.post(
    '/api/threads/:id/restore',
    {
      schema: {
        ...described('Restore a deleted conversation'),
        params: api.zThreadId,
        response: json(api.zThread),
      },
    },
    ({ params }) => threads().restore(params.id),
  );

  routes.post(
    '/api/threads/:id/turns',
    {
      schema: {
        ...described('Ask a question, which the node begins to answer'),
        params: api.zThreadId,
        body: api.zQuestion,
        response: json(api.zTurn),
      },
    },
    ({ params, body }) => threads().ask(params.id, body),
  );

  routes.post(
    '/api/threads/:id/turns/:turn/resume',
    {
      schema: {
        ...described('Continue an answer that was stopped or has failed'),
        params: api.zTurnId,
        response: json(api.zTurn),
      },
    },
    ({ params }) => threads().resume(params.id, params.turn),
  );

  routes.post(
    '/api/threads/:id/turns/:turn/stop',
    {
      schema: {
        ...described('Stop an answer and keep what is written'),
        params: api.zTurnId,
        response: json(api.zTurn),
      },
    },
    ({ params }) => threads().stopAnswer(params.id, params.turn),
  );

  routes.post(
    '/api/threads/:id/turns/:turn/branch',
    {
      schema: {
        ...described('Begin a conversation with the turns up to this one'),
        params: api.zTurnId,
        response: json(api.zThread),
      },
    },
    ({ params }) => threads().branch(params.id, params.turn),
  );

  routes.get(
    '/api/threads/:id/turns/:turn/events',
    {
      schema: {
        ...described('Follow an answer from an offset in its text (Server-Sent Events)'),
        params: api.zTurnId,
        querystring: api.zFollowFrom,
        response: content('text/event-stream', api.zFollowEvent),
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const signal = streams.begin(holderOf(request), clientSignal(reply, serverSignal));
      const events = await threads().follow(params.id, params.turn, query.from, signal);
      return sendEvents(reply, withHeartbeat(encoded(events), HEARTBEAT_MS));
    },
  );
}

async function* encoded(events: AsyncIterable<FollowEvent>): AsyncGenerator<string> {
  for await (const event of events) yield sseData(event);
}
