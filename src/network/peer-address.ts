import type { Scope } from './dialable.ts';

/** Where a node can be reached: its peer id and multiaddrs. */
export interface PeerAddress {
  readonly id: string;
  readonly addresses: readonly string[];
  /** Scope of the peer that supplied the addresses, which bounds what is dialled; omitted for our own options. */
  readonly learntFrom?: Scope;
}
