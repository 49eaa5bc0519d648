import type { Connection, PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { BitorchError, messageOf } from '#base';
import {
  type Circuit,
  circuitOf,
  mayDial,
  multiaddrOf,
  parseCircuit,
  parseMultiaddr,
  resolveDialable,
  type Scope,
} from './dialable.ts';
import type { Libp2pNode } from './libp2p-node.ts';
import type { PeerAddress } from './peer-address.ts';

/** How long the direct addresses of a peer may take that can also be reached through a relay. */
const DIRECT_MS = 3_000;
/** Relays of one peer that are tried. */
const MAX_RELAYS = 2;
/** How long after a relayed connection has opened a direct one may replace it: some round trips, and three attempts. */
const UPGRADE_MS = 4_000;

/** Connects to peers: over an open connection, then directly, then through their relays. */
export class Dialler {
  readonly #libp2p: Libp2pNode;

  constructor(libp2p: Libp2pNode) {
    this.#libp2p = libp2p;
  }

  /** Rejects with the error of the last attempt; ADDRESS_INVALID when no address may be dialled. */
  async dial(peer: PeerAddress, signal: AbortSignal): Promise<Connection> {
    const id = peerIdFromString(peer.id);
    const open = this.#connectionTo(id);
    if (open) return open;
    if (peer.addresses.length === 0) return this.#libp2p.dial(id, { signal });
    const { addresses, learntFrom = 'loopback' } = peer;
    const circuits = circuitsIn(addresses, learntFrom, peer.id);
    const direct = await endpointsIn(addresses, learntFrom, peer.id);
    if (direct.length + circuits.length === 0)
      throw new BitorchError(
        'ADDRESS_INVALID',
        `none of its addresses may be dialled when learnt from a ${learntFrom} peer`,
      );
    const attempts = circuits
      .slice(0, MAX_RELAYS)
      .map((circuit) => () => this.#through(circuit, peer, signal));
    if (direct.length > 0) {
      const limit = circuits.length > 0 ? AbortSignal.any([signal, AbortSignal.timeout(DIRECT_MS)]) : signal;
      attempts.unshift(() => this.#libp2p.dial(direct, { signal: limit }));
    }
    return firstToSucceed(attempts, signal);
  }

  /** Connects to a multiaddr that ends in /p2p/<peer id>. */
  dialAddress(address: string, signal: AbortSignal): Promise<Connection> {
    const [, rest, id] = /^(.+)\/p2p\/([^/]+)$/.exec(address) ?? [];
    if (rest !== undefined && id !== undefined && parseCircuit(address))
      return this.dial({ id, addresses: [rest] }, signal);
    return this.#libp2p.dial(multiaddr(address), { signal });
  }

  /** The direct connection that soon replaces a relayed one, or else the relayed one. */
  async upgraded(connection: Connection, signal: AbortSignal): Promise<Connection> {
    const left = connection.timeline.open + UPGRADE_MS - Date.now();
    if (!connection.limits || left <= 0) return connection;
    const direct = () => this.#libp2p.getConnections(connection.remotePeer).find(isUnlimited);
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => direct() && resolve();
    const timer = setTimeout(resolve, left);
    this.#libp2p.addEventListener('connection:open', look);
    signal.addEventListener('abort', () => resolve(), { once: true });
    look();
    await promise;
    clearTimeout(timer);
    this.#libp2p.removeEventListener('connection:open', look);
    return direct() ?? connection;
  }

  /** An open connection to the peer, a direct one first. */
  #connectionTo(peer: PeerId): Connection | undefined {
    const open = this.#libp2p.getConnections(peer).filter(({ status }) => status === 'open');
    return open.find(isUnlimited) ?? open[0];
  }

  /** The relay is dialled first, by the rules for its own address: libp2p would take any address that the circuit names. */
  async #through(circuit: Circuit, peer: PeerAddress, signal: AbortSignal): Promise<Connection> {
    const { learntFrom = 'loopback' } = peer;
    await this.dial({ id: circuit.relayId, addresses: [multiaddrOf(circuit.relay)], learntFrom }, signal);
    return this.#libp2p.dial(multiaddr(`${circuitOf(circuit)}/p2p/${peer.id}`), { signal });
  }
}

const isUnlimited = ({ limits, status }: Connection): boolean => limits === undefined && status === 'open';

async function firstToSucceed<T>(attempts: readonly (() => Promise<T>)[], signal: AbortSignal): Promise<T> {
  let failure: unknown;
  for (const attempt of attempts) {
    try {
      signal.throwIfAborted();
      return await attempt();
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function endpointsIn(
  addresses: readonly string[],
  learntFrom: Scope,
  id: string,
): Promise<Multiaddr[]> {
  const dialables = addresses.flatMap((address) => parseMultiaddr(address, id) ?? []);
  const resolved = await Promise.all(dialables.map((dialable) => resolveDialable(dialable, learntFrom)));
  return resolved.flat().map((dialable) => multiaddr(`${multiaddrOf(dialable)}/p2p/${id}`));
}

const circuitsIn = (addresses: readonly string[], learntFrom: Scope, id: string): Circuit[] =>
  addresses
    .flatMap((address) => parseCircuit(address, id) ?? [])
    .filter(({ relay }) => mayDial(relay, learntFrom));

export const unreachable = (peer: string, cause: unknown): BitorchError =>
  new BitorchError('PEER_UNREACHABLE', `${peer} cannot be reached: ${messageOf(cause)}`, { peer }, cause);
