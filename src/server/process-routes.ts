import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { LoopMonitor } from '#base';
import type { NodeApi } from '#node';
import { zProcess, zStopping } from '#node/api';
import { Metrics } from './metrics.ts';
import { content, json } from './responses.ts';

/** Routes for memory, event loop delay, Prometheus metrics, and the end of the process. `stop` ends it. */
export function processRoutes(
  app: FastifyInstance,
  node: Pick<NodeApi, 'network' | 'security' | 'chain'>,
  { monitor, stop }: { monitor: LoopMonitor; stop: () => void },
): void {
  const metrics = new Metrics(node, monitor);
  app.get(
    '/metrics',
    { schema: { summary: 'Metrics for Prometheus', tags: ['bitorch'], response: content('text/plain') } },
    async (_request, reply) => reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );

  const schema = {
    summary: 'Memory, uptime and event loop delay',
    tags: ['bitorch'],
    response: json(zProcess),
  };
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.get('/api/process', { schema }, () => {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const { p99, max, counts, long } = monitor.view();
    return {
      pid: process.pid,
      uptimeMs: process.uptime() * 1000,
      memory: { rss, heapUsed, heapTotal, external },
      heldMs: { p99, max, counts: [...counts], long: [...long] },
    };
  });

  routes.post(
    '/api/process/stop',
    { schema: { summary: 'Stop the node', tags: ['bitorch'], response: json(zStopping) } },
    (_request, reply) => {
      reply.raw.once('close', stop);
      return { pid: process.pid };
    },
  );
}
