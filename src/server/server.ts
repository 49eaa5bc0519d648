import type { AddressInfo } from 'node:net';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { BitorchError, bracketed, codeOf, Lifecycle, LoopMonitor } from '#base';
import { zHealth } from '#node/api';
import { Access } from './access.ts';
import { chainRoutes } from './chain-routes.ts';
import { chatRoutes } from './chat-routes.ts';
import { HEADERS_TIMEOUT_MS, MAX_BODY_BYTES, REQUEST_TIMEOUT_MS } from './constants.ts';
import { handleErrors, validatorCompiler } from './errors.ts';
import { joinRoutes } from './join-routes.ts';
import { nodeRoutes } from './node-routes.ts';
import type { ServerDependencies, ServerOptions } from './options.ts';
import { pageRoutes } from './page-routes.ts';
import { processRoutes } from './process-routes.ts';
import { json, serializerCompiler } from './responses.ts';
import { securityRoutes } from './security-routes.ts';
import { Sessions } from './sessions.ts';
import { settingsRoutes } from './settings-routes.ts';
import { setupRoutes } from './setup-routes.ts';
import { stakeRoutes } from './stake-routes.ts';
import { threadRoutes } from './thread-routes.ts';
import { proofRoute, tokenRoutes } from './token-routes.ts';
import { walletChainRoutes } from './wallet-chain-routes.ts';
import { walletRoutes } from './wallet-routes.ts';

export interface Server {
  /** Starts listening. Throws PORT_IN_USE or WEB_NOT_BUILT when the port is taken or the page is not built. */
  start(): Promise<{ url: string }>;
  /** Ends every stream and closes the port. */
  stop(): Promise<void>;
}

/** The node's HTTP server: the OpenAI API, the node's own API, events, and the page. */
export function createServer(options: ServerOptions, deps: ServerDependencies): Server {
  const lifecycle = new Lifecycle();
  return {
    async start() {
      const sessions = await Sessions.load(options.sessions);
      lifecycle.onStop(() => sessions.save());
      const monitor = new LoopMonitor();
      lifecycle.onStop(() => monitor.stop());
      const app = await build({ ...options, sessions, monitor }, deps, lifecycle.signal);
      lifecycle.onStop(() => app.close());
      return { url: await listen(app, options) };
    },
    stop: () => lifecycle.stop(),
  };
}

async function build(
  options: Omit<ServerOptions, 'sessions'> & { sessions: Sessions; monitor: LoopMonitor },
  { node, log, restart = () => undefined, stop = () => undefined }: ServerDependencies,
  signal: AbortSignal,
): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    forceCloseConnections: true,
    // Ids with slashes and dots arrive in one path segment.
    // Clients join paths to a base URL with or without a slash at its end.
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
  });
  // Only JSON: a foreign page can post text/plain directly, but JSON only after a CORS preflight.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  handleErrors(app, log);

  const access = new Access({ ...options, allowHosts: options.allowHosts ?? [] });
  access.guardHost(app);
  await app.register(helmet, HEADERS);
  await app.register(swagger, { openapi: OPENAPI, transform: jsonSchemaTransform });
  await app.register(async (routes) => {
    access.guardRoutes(routes, () => 'chat');
    chatRoutes(routes, node, signal);
  });
  await app.register(async (routes) => {
    access.guardRoutes(routes, ({ method }) => (method === 'GET' || method === 'HEAD' ? 'read' : 'admin'));
    nodeRoutes(routes, node, signal);
    joinRoutes(routes, node, restart);
    settingsRoutes(routes, node, restart);
    setupRoutes(routes, node, restart);
    securityRoutes(routes, node);
    chainRoutes(routes, node);
    processRoutes(routes, node, { monitor: options.monitor, stop });
  });
  await app.register(async (routes) => {
    access.guardRoutes(routes, () => 'wallet');
    walletRoutes(routes, node);
    stakeRoutes(routes, node);
    await routes.register(async (scope) => walletChainRoutes(scope, node));
  });
  await app.register(async (routes) => {
    access.guardRoutes(routes, () => 'admin');
    tokenRoutes(routes, options.tokens);
    threadRoutes(routes, node, signal);
  });
  proofRoute(app, options.tokens);
  const health = {
    summary: 'Whether the server is up',
    tags: ['process'],
    security: [],
    response: json(zHealth),
  };
  app.get('/health', { schema: health }, () => ({ status: 'ok' }));
  await app.register((routes) => pageRoutes(routes, options.webRoot, access));
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  return app;
}

async function listen(
  app: FastifyInstance,
  { host, port }: Pick<ServerOptions, 'host' | 'port'>,
): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    throw new BitorchError('PORT_IN_USE', `port ${port} is taken: choose another with --port`, { port });
  }
  const bound = (app.server.address() as AddressInfo).port;
  return `http://${bracketed(host)}:${bound}`;
}

/** No external or inline content, no frames; cross-origin isolated, so that the page may share memory with workers. */
const HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'object-src': ["'none'"],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
      'frame-ancestors': ["'none'"],
      'require-trusted-types-for': ["'script'"],
      'trusted-types': ['dompurify'],
    },
  },
  crossOriginEmbedderPolicy: { policy: 'require-corp' as const },
  crossOriginOpenerPolicy: { policy: 'same-origin' as const },
  crossOriginResourcePolicy: { policy: 'same-origin' as const },
  referrerPolicy: { policy: 'no-referrer' as const },
  // No HSTS: the page is plain HTTP on loopback, and HSTS would lock the user out.
  strictTransportSecurity: false,
};

const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Bitorch node',
    version: '1',
    description:
      'The API of one Bitorch node: an OpenAI-compatible chat, and the network as the node sees it.',
  },
  components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
  security: [{ token: [] }],
};
