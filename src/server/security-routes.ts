import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from '#base';
import type { NodeApi } from '#node';
import { notFound } from './errors.ts';

const zModel = z.object({ id: z.string().regex(/^[\w.-]{1,128}$/) });

const zHash = z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) });

const zReport = z.object({
  hash: z.string(),
  scanner: z.number(),
  ruleset: z.string(),
  verdict: z.enum(['clean', 'refused']),
  files: z.array(
    z.object({
      path: z.string(),
      size: z.number(),
      sha256: z.string(),
      kind: z.string(),
      findings: z.array(
        z.object({
          rule: z.string(),
          severity: z.enum(['critical', 'high', 'medium', 'low']),
          place: z.string(),
          detail: z.string(),
        }),
      ),
      omitted: z.number(),
    }),
  ),
});

const zFinding = z.object({
  source: z.string(),
  rule: z.string(),
  severity: z.enum(['critical', 'high', 'medium', 'low']),
  title: z.string(),
  why: z.string(),
  fix: z.string(),
  file: z.string(),
  place: z.string(),
  detail: z.string(),
});

const zAttestation = z.object({
  authority: z.object({ nodeId: z.string(), name: z.string() }),
  verdict: z.enum(['cleared', 'unproven', 'quarantined']),
  time: z.number(),
  report: z.string(),
  ruleset: z.object({ name: z.string(), version: z.number() }),
  files: z.number(),
  bytes: z.number(),
  findings: z.array(zFinding),
  trial: z.object({
    state: z.enum(['passed', 'failed', 'omitted', 'unavailable']),
    note: z.string(),
    timeMs: z.number(),
    peakMemoryBytes: z.number(),
    processes: z.number(),
    sockets: z.number(),
  }),
  engines: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['clean', 'found', 'partial', 'missing', 'failed']),
      version: z.string(),
      note: z.string(),
    }),
  ),
  check: z.object({
    state: z.enum(['waiting', 'agrees', 'contradicts', 'missing']),
    problems: z.array(z.string()),
  }),
});

const zSafety = z.object({
  modelId: z.string(),
  name: z.string(),
  state: z.enum(['pending', 'unreported', 'cleared', 'quarantined', 'unchecked']),
  holders: z.number(),
  attestations: z.array(zAttestation),
});

const zSecurity = z.object({
  trust: z.union([
    z.literal('none'),
    z.array(z.object({ nodeId: z.string(), name: z.string(), online: z.boolean() })),
  ]),
  models: z.array(zSafety),
  examiner: z
    .object({
      ruleset: z.object({ name: z.string(), version: z.number(), id: z.string() }),
      newer: z
        .object({ name: z.string(), version: z.number(), nodeId: z.string(), from: z.string() })
        .optional(),
      rescan: z
        .object({ version: z.number(), touched: z.number(), done: z.number(), untouched: z.number() })
        .optional(),
      sandbox: z.object({ available: z.boolean(), note: z.string() }),
      queue: z.array(
        z.object({
          modelId: z.string(),
          name: z.string(),
          holders: z.number(),
          running: z.number(),
          reason: z.enum(['new', 'new rules', 'failed before']),
          step: z
            .object({ name: z.string(), done: z.number(), total: z.number(), unit: z.string() })
            .optional(),
          problem: z.string().optional(),
          affected: z.string().optional(),
        }),
      ),
      advisories: z.array(z.object({ sha256: z.string(), name: z.string() })),
    })
    .optional(),
});

/** Routes for the safety of models and, on a security node, its examinations. */
export function securityRoutes(app: FastifyInstance, node: NodeApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const described = (summary: string) => ({ summary, tags: ['security'] });

  routes.get(
    '/api/security',
    {
      schema: {
        ...described('The safety of all models, as this node knows it'),
        response: { 200: zSecurity },
      },
    },
    () => node.security(),
  );

  routes.get(
    '/api/models/:id/safety',
    { schema: { ...described('The safety of one model'), params: zModel, response: { 200: zSafety } } },
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
      schema: { ...described('A canonical report in full'), params: zHash, response: { 200: zReport } },
    },
    async (request) => {
      const report = await node.report(request.params.hash);
      if (!report) throw notFound(`report "${request.params.hash}"`);
      return report;
    },
  );
}
