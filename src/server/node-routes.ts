import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from '#base';
import type { NodeApi, NodeEvent, Scope } from '#node';
import * as api from '#node/api';
import { holderOf, mayUse } from './access.ts';
import { HEARTBEAT_MS } from './constants.ts';
import { notFound } from './errors.ts';
import { EventStreams } from './event-streams.ts';
import { content, json } from './responses.ts';
import { clientSignal, sendEvents, sseData, withHeartbeat } from './sse.ts';

/** Events that need another scope besides `read`. */
const SCOPE_OF: Partial<Record<NodeEvent['type'], Scope>> = { wallet: 'wallet', thread: 'admin' };

const zById = z.object({ id: z.string().min(1).max(256) });

/** Routes of Bitorch's own API: network, audits, torrents and events. */
export function nodeRoutes(app: FastifyInstance, node: NodeApi, serverSignal: AbortSignal): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['bitorch'] });
  const streams = new EventStreams();

  routes.get(
    '/api/network',
    { schema: { ...described('The network as this node sees it'), response: json(api.zNetwork) } },
    () => node.network(),
  );

  routes.get(
    '/api/doctor',
    {
      schema: {
        ...described('What may keep the node from its part in the network, safe to publish'),
        response: json(api.zDoctor),
      },
    },
    () => node.doctor(),
  );

  routes.get(
    '/api/answers/:id/audit',
    { schema: { ...described('The audit of an answer'), params: zById, response: json(api.zAudit) } },
    (request) => {
      const audit = node.audit(request.params.id);
      if (!audit) throw notFound(`answer "${request.params.id}"`);
      return audit;
    },
  );

  routes.get(
    '/api/models/:id/torrent',
    {
      schema: {
        ...described('The .torrent file of a model'),
        params: zById,
        response: content('application/x-bittorrent'),
      },
    },
    (request, reply) => {
      const metainfo = node.metainfo(request.params.id);
      if (!metainfo) throw notFound(`model "${request.params.id}"`);
      return reply
        .header('content-type', 'application/x-bittorrent')
        .header('content-disposition', `attachment; filename="${fileName(request.params.id)}.torrent"`)
        .send(Buffer.from(metainfo));
    },
  );

  routes.get(
    '/api/events',
    {
      schema: {
        ...described('Stream of changes (Server-Sent Events)'),
        response: content('text/event-stream', api.zNodeEvent),
      },
    },
    (request, reply) => {
      const signal = streams.begin(holderOf(request), clientSignal(reply, serverSignal));
      const events = eventStream(node, (scope) => mayUse(request, scope), signal);
      return sendEvents(reply, withHeartbeat(events, HEARTBEAT_MS));
    },
  );
}

/**
 * Sends the current state first, then every change, so that a reconnecting client needs nothing else. `may` tells which scopes
 * the client still has; the stream ends when its token is revoked or its browser signs out.
 */
async function* eventStream(
  node: NodeApi,
  may: (scope: Scope) => boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const chain = node.chain();
  const wallet = may('wallet') ? node.wallet()?.view() : undefined;
  yield sseData({ type: 'network', network: node.network() } satisfies NodeEvent);
  yield sseData({ type: 'security', security: node.security() } satisfies NodeEvent);
  if (chain) yield sseData({ type: 'chain', chain } satisfies NodeEvent);
  if (wallet) yield sseData({ type: 'wallet', wallet } satisfies NodeEvent);
  for await (const event of node.events(signal)) {
    if (!may('read')) return;
    const scope = SCOPE_OF[event.type];
    if (scope === undefined || may(scope)) yield sseData(event);
  }
}

/** Makes a name safe for a header and for every file system. */
const fileName = (id: string): string => id.replaceAll(/[^\w.-]+/g, '_').slice(0, 100);
