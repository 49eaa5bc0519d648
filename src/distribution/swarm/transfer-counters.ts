import { fromHex } from '#base';
import type { Peer } from './peer.ts';

const MAX_REMEMBERED = 1000;

/** What one peer has given and taken, over all its connections. */
export interface PeerStatus {
  /** 20 bytes, as the peer claims them: nothing in BEP 3 proves them. */
  peerId: Uint8Array;
  /** Of the last connection. */
  address: string;
  connected: boolean;
  /** Payload bytes. */
  downloaded: number;
  uploaded: number;
  downBytesPerSecond: number;
  upBytesPerSecond: number;
  /** Pieces that the peer has. */
  pieces: number;
}

interface Past {
  address: string;
  downloaded: number;
  uploaded: number;
  pieces: number;
}

/** Totals by peer id, kept after disconnects; the longest silent are forgotten first. */
export class TransferCounters {
  readonly #past = new Map<string, Past>();

  /** Adds what a connection that has ended had carried. */
  settle(peer: Peer): void {
    const past = this.#past.get(peer.id);
    this.#past.delete(peer.id);
    this.#past.set(peer.id, {
      address: peer.address,
      downloaded: peer.downloaded + (past?.downloaded ?? 0),
      uploaded: peer.uploaded + (past?.uploaded ?? 0),
      pieces: peer.has?.count ?? 0,
    });
    const [oldest] = this.#past.keys();
    if (this.#past.size > MAX_REMEMBERED) this.#past.delete(oldest!);
  }

  view(connected: Iterable<Peer>): PeerStatus[] {
    const open = Map.groupBy(connected, (peer) => peer.id);
    const ids = new Set([...open.keys(), ...this.#past.keys()]);
    return [...ids].map((id) => {
      const [past, peers] = [this.#past.get(id), open.get(id) ?? []];
      const sum = (of: (peer: Peer) => number) => peers.reduce((total, peer) => total + of(peer), 0);
      return {
        peerId: fromHex(id),
        address: peers[0]?.address ?? past?.address ?? '',
        connected: peers.length > 0,
        downloaded: (past?.downloaded ?? 0) + sum((peer) => peer.downloaded),
        uploaded: (past?.uploaded ?? 0) + sum((peer) => peer.uploaded),
        downBytesPerSecond: sum((peer) => peer.down.bytesPerSecond),
        upBytesPerSecond: sum((peer) => peer.up.bytesPerSecond),
        pieces: peers[0]?.has?.count ?? past?.pieces ?? 0,
      };
    });
  }
}
