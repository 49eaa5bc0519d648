import type { Logger } from '#base';
import type { ApiTokens, NodeApi } from '#node';

export interface ServerOptions {
  /** Listen address; 127.0.0.1 unless the operator changes it. */
  host: string;
  /** Host names, without a port, that requests may use in addition to `host` and this machine's own names. */
  allowHosts?: readonly string[];
  /** TCP port; 0 = any free port. */
  port: number;
  /** Tokens of the API, sent as `Authorization: Bearer …` or exchanged for a session by the page. */
  tokens: ApiTokens;
  /** File that stores the page's sessions; created with the first one. */
  sessions: string;
  /** Folder of the built page, with its index.html. */
  webRoot: string;
}

export interface ServerDependencies {
  node: NodeApi;
  log: Logger;
  /** Starts the node again with changed settings, once the answer to the request is on its way. */
  restart?: () => void;
  /** Stops the process, once the response to the request is sent. */
  stop?: () => void;
}
