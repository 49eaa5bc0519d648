import { dropOldest, type Logger, messageOf } from '#base';
import type { PeerAddress } from '#network';
import {
  LEAST_BYTES_PER_SECOND,
  MAX_TUNNELS,
  REDIAL_MAX_MS,
  REDIAL_MIN_MS,
  TUNNEL_AFTER_MS,
} from './constants.ts';
import type { Peer } from './peer.ts';

/** Nodes whose last tunnel is remembered. */
const MAX_REMEMBERED = 256;

interface Past {
  readonly failures: number;
  readonly pausedUntil: number;
}

export interface TunnelPorts {
  /** Nodes that announce to hold some of the torrent. */
  readonly nodes: () => readonly PeerAddress[];
  /** Whether a wanted piece is missing. */
  readonly isWanting: () => boolean;
  /** All connections of the torrent, also those without a handshake yet. */
  readonly peers: () => readonly Peer[];
  /** Opens a tunnel to a node. Throws PEER_UNREACHABLE or BUDGET_EXCEEDED. */
  readonly open: (node: PeerAddress, signal: AbortSignal) => Promise<Peer>;
  /** Whether a node is connected by more than a relay. */
  readonly isDirect: (node: string) => boolean;
  readonly isBanned: (node: string) => boolean;
  readonly log: Logger;
}

/**
 * Asks nodes for pieces of a torrent over streams of the host ("tunnels"), which reach whoever the host reaches: behind
 * routers by a punched hole, or through a relay. Direct connections come first: tunnels are open only while those give less
 * than `LEAST_BYTES_PER_SECOND` of what is missing.
 */
export class Tunnels {
  readonly #ports: TunnelPorts;
  readonly #past = new Map<string, Past>();
  readonly #opening = new Set<string>();
  readonly #stopping = new AbortController();
  /** When direct connections last sufficed. */
  #servedAt: number | undefined;

  constructor(ports: TunnelPorts) {
    this.#ports = ports;
  }

  /** Opens and closes tunnels; `now` in ms. To be called once a second. */
  tick(now: number): void {
    const peers = this.#ports.peers();
    const tunnels = peers.filter(({ end }) => end.node !== undefined);
    const own = tunnels.filter(({ outgoing }) => outgoing);
    if (!this.#areNeeded(peers, now)) {
      for (const peer of own) if (!peer.interested) peer.close('tunnel not needed');
      return;
    }
    for (const peer of own)
      if (peer.end.isRelayed && this.#ports.isDirect(peer.end.node!)) peer.close('a direct way is open');
    const room = MAX_TUNNELS - this.#opening.size - own.length;
    for (const node of this.#due(tunnels, now).slice(0, Math.max(0, room))) void this.#open(node);
  }

  /** Records the end of a connection. Each useless tunnel in a row doubles the pause before the next to that node. */
  closed({ end }: Peer, isUseful: boolean, now: number): void {
    if (end.node !== undefined && end.outgoing) this.#pause(end.node, isUseful, now);
  }

  /** Gives up what is being opened. */
  stop(): void {
    this.#stopping.abort();
  }

  #areNeeded(peers: readonly Peer[], now: number): boolean {
    const direct = peers.filter(({ end }) => end.node === undefined);
    const rate = direct.reduce((sum, { down }) => sum + down.bytesPerSecond, 0);
    const isServed = !this.#ports.isWanting() || rate >= LEAST_BYTES_PER_SECOND;
    if (isServed || this.#servedAt === undefined) this.#servedAt = now;
    return !isServed && now - this.#servedAt >= TUNNEL_AFTER_MS;
  }

  /** Nodes without a tunnel that may be tried now, in random order. */
  #due(tunnels: readonly Peer[], now: number): PeerAddress[] {
    const reached = new Set([...this.#opening, ...tunnels.map(({ end }) => end.node)]);
    const nodes = new Map(this.#ports.nodes().map((node) => [node.id, node]));
    return shuffled(
      [...nodes.values()].filter(
        ({ id }) =>
          !reached.has(id) && !this.#ports.isBanned(id) && now >= (this.#past.get(id)?.pausedUntil ?? 0),
      ),
    );
  }

  async #open(node: PeerAddress): Promise<void> {
    const { signal } = this.#stopping;
    this.#opening.add(node.id);
    try {
      const peer = await this.#ports.open(node, signal);
      if (signal.aborted) peer.close('torrent stopped');
    } catch (error) {
      this.#pause(node.id, false, Date.now());
      this.#ports.log.debug({ node: node.id, reason: messageOf(error) }, 'tunnel not opened');
    } finally {
      this.#opening.delete(node.id);
    }
  }

  #pause(node: string, isUseful: boolean, now: number): void {
    const failures = isUseful ? 0 : (this.#past.get(node)?.failures ?? 0) + 1;
    this.#past.delete(node);
    const pause = Math.min(REDIAL_MAX_MS, REDIAL_MIN_MS * 2 ** failures);
    this.#past.set(node, { failures, pausedUntil: now + pause });
    dropOldest(this.#past, MAX_REMEMBERED);
  }
}

/** A random order, so that a list in which one attacker fills the front hides nobody (Fisher–Yates). */
function shuffled<T>(list: readonly T[]): T[] {
  const order = [...list];
  for (let n = order.length - 1; n > 0; n--) {
    const other = Math.floor(Math.random() * (n + 1));
    [order[n], order[other]] = [order[other]!, order[n]!];
  }
  return order;
}
