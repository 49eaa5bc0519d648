import type { Logger } from '#base';
import type { NodeApi } from '#node';

export interface ServerOptions {
  /** Address to listen on: 127.0.0.1 unless the operator opens it. */
  host: string;
  /** TCP port; 0 lets the system choose. */
  port: number;
  /** Secret of the API: sent as `Authorization: Bearer …`, or traded for a cookie by the page. */
  token: string;
  /** Folder of the built page, with its index.html. */
  webRoot: string;
}

export interface ServerDependencies {
  node: NodeApi;
  log: Logger;
}
