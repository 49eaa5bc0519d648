export type { ServerDependencies, ServerOptions } from './options.ts';
export { createServer, type Server } from './server.ts';
