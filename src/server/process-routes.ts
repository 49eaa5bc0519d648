import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { type LoopMonitor, z } from '#base';
import type { NodeApi } from '#node';
import { Metrics } from './metrics.ts';

const zBytes = z.number().int().min(0);
const zMs = z.number().min(0);

const zProcess = z.object({
  pid: z.number().int(),
  /** Uptime of the process, in ms. */
  uptimeMs: zMs,
  /** Memory in bytes: resident set, used JavaScript heap, and external buffers. */
  memory: z.object({ rss: zBytes, heapUsed: zBytes, heapTotal: zBytes, external: zBytes }),
  /** How long the node's own work blocked the event loop since the server started, in ms. */
  heldMs: z.object({
    p99: zMs,
    max: zMs,
    counts: z.array(z.object({ upTo: zMs.nullable(), count: z.number().int() })),
    long: z.array(z.object({ at: zMs, ms: zMs })),
  }),
});

/** Routes for memory, event loop delay and Prometheus metrics. */
export function processRoutes(
  app: FastifyInstance,
  node: Pick<NodeApi, 'network' | 'security' | 'chain'>,
  monitor: LoopMonitor,
): void {
  const metrics = new Metrics(node, monitor);
  app.get(
    '/metrics',
    { schema: { summary: 'Metrics for Prometheus', tags: ['bitorch'] } },
    async (_request, reply) => reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );

  const schema = {
    summary: 'Memory, uptime and event loop delay',
    tags: ['bitorch'],
    response: { 200: zProcess },
  };
  app.withTypeProvider<ZodTypeProvider>().get('/api/process', { schema }, () => {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const { p99, max, counts, long } = monitor.view();
    return {
      pid: process.pid,
      uptimeMs: process.uptime() * 1000,
      memory: { rss, heapUsed, heapTotal, external },
      heldMs: { p99, max, counts: [...counts], long: [...long] },
    };
  });
}
