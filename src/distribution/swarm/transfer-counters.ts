import { fromHex } from '#base';
import type { Peer } from './peer.ts';

const MAX_REMEMBERED = 1000;

/** Transfers with one peer, over all its connections. */
export interface PeerStatus {
  /** 20 bytes as claimed by the peer: BEP 3 does not authenticate them. */
  peerId: Uint8Array;
  /** Address of the latest connection. */
  address: string;
  connected: boolean;
  /** Payload bytes. */
  downloaded: number;
  uploaded: number;
  downBytesPerSecond: number;
  upBytesPerSecond: number;
  /** Number of pieces the peer has. */
  pieces: number;
}

interface Past {
  address: string;
  downloaded: number;
  uploaded: number;
  pieces: number;
}

/** Totals by peer id, kept after disconnects. Beyond a limit, the peers disconnected longest ago are dropped. */
export class TransferCounters {
  readonly #past = new Map<string, Past>();

  /** Adds the transfers of a closed connection. */
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
