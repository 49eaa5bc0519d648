import type { SigningKey } from '#crypto';
import type { TlsFiles } from './libp2p.ts';
import type { ReachSettings } from './reach/reach-options.ts';

export interface HostOptions {
  readonly key: SigningKey;
  /** Multiaddrs to listen on, TCP or WebSocket; defaults to loopback with a port chosen by the system. */
  readonly listen?: readonly string[];
  /** TCP port for links on the same addresses; defaults to one chosen by the system. */
  readonly linkPort?: number;
  /** Certificate and key, in PEM, for addresses that end in /tls/ws. */
  readonly tls?: TlsFiles | undefined;
  /** How the node makes itself reachable. By default a node that listens on loopback alone does nothing for it. */
  readonly reach?: ReachSettings | undefined;
}

export interface StreamOptions {
  readonly signal?: AbortSignal;
  /** Moves the stream to a TCP connection of its own where possible. Both sides of a protocol must use the same value. */
  readonly link?: boolean;
}
