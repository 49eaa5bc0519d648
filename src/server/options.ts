import type { Logger } from '#base';
import type { ApiTokens, NodeApi } from '#node';

export interface ServerOptions {
  /** Address to listen on: 127.0.0.1 unless the operator opens it. */
  host: string;
  /** Host names that requests may be sent to beside `host` and this machine's own, without a port. */
  allowHosts?: readonly string[];
  /** TCP port; 0 lets the system choose. */
  port: number;
  /** What opens the API: sent as `Authorization: Bearer …`, or traded for a session by the page. */
  tokens: ApiTokens;
  /** File of the page's sessions, made when there is one. */
  sessions: string;
  /** Folder of the built page, with its index.html. */
  webRoot: string;
}

export interface ServerDependencies {
  node: NodeApi;
  log: Logger;
}
