/** Types for the parts of untyped packages that this folder uses. */

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

declare module 'yauzl' {
  import type { Readable } from 'node:stream';

  export interface Entry {
    readonly fileName: string;
    readonly compressedSize: number;
    readonly uncompressedSize: number;
    readonly externalFileAttributes: number;
    canDecodeFileData(): boolean;
  }

  export interface ZipFile {
    eachEntry(): AsyncIterableIterator<Entry>;
    openReadStreamPromise(entry: Entry): Promise<Readable>;
    close(): void;
  }

  export function openPromise(path: string, options?: { autoClose?: boolean }): Promise<ZipFile>;
}

declare module 'bencode' {
  const bencode: {
    /** Loosely typed on purpose: tests use it as an oracle. */
    decode(bytes: Uint8Array): { info: { files: { path: Uint8Array[] }[] } };
    encode(value: unknown): Uint8Array;
  };
  export default bencode;
}
