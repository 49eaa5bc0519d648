/** The parts of untyped packages that this folder uses. */

declare module 'bittorrent-tracker/server' {
  import type { EventEmitter } from 'node:events';
  import type { Server as HttpServer } from 'node:http';

  export interface ServerOptions {
    http?: boolean;
    udp?: boolean;
    ws?: boolean;
    stats?: boolean;
    /** Milliseconds. */
    interval?: number;
    filter?(infohash: string, params: unknown, done: (error: Error | null) => void): void;
  }

  export class Server extends EventEmitter<{ listening: []; error: [Error]; warning: [Error] }> {
    constructor(options: ServerOptions);
    readonly http: HttpServer;
    readonly torrents: Record<string, unknown>;
    listen(port: number, hostname: string, onListening: () => void): void;
    close(done: () => void): void;
  }
  export default Server;
}
