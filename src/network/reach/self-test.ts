import type { Connection } from '@libp2p/interface';
import { dropOldest, type Logger, messageOf, pause } from '#base';
import { hostOf } from '../connections.ts';
import { addressGroup, parseMultiaddr, scopeOfRemote } from '../dialable.ts';
import type { Libp2pNode } from '../libp2p-node.ts';
import type { PeerAddress } from '../peer-address.ts';
import { DIAL_BACK_PROTOCOL, decodeDialBack } from './dial-back.ts';
import { PROOF_MS, type ReachEvent } from './reachability.ts';

/** Pause before the same group of peers is asked to dial the same address again, and before a proven address is proved again. */
const ASK_AGAIN_MS = 10 * 60_000;
const PROVE_AGAIN_MS = PROOF_MS / 2;
/** A dial back may show at this end a moment after the peer has answered. */
const SETTLE_MS = 500;
const MAX_ASKED = 512;

interface SelfTestDependencies {
  readonly libp2p: Libp2pNode;
  readonly host: { request(peer: PeerAddress, protocol: string, message: unknown): Promise<unknown> };
  readonly log: Logger;
  /** Whether a hole is being punched to the peer of a connection: what comes then proves nothing. */
  readonly isPunched: (connection: Connection) => boolean;
  readonly onResult: (event: ReachEvent) => void;
  readonly now: () => number;
}

/**
 * Finds out whether strangers can dial this node, by asking peers to do it. Their word is not needed: this node sees the
 * connection arrive. Only a failure is told, so it takes peers of two address groups to disprove an address.
 */
export class SelfTest {
  readonly #deps: SelfTestDependencies;
  /** Peer id → address that it was asked to dial. */
  readonly #expected = new Map<string, string>();
  /** Address and group → when asked. */
  readonly #asked = new Map<string, number>();
  readonly #arrived = new Set<string>();

  constructor(dependencies: SelfTestDependencies) {
    this.#deps = dependencies;
    dependencies.libp2p.addEventListener('connection:open', ({ detail }) => this.#onConnection(detail));
  }

  /** Asks for one of the addresses, when it is time and somebody is there to ask. */
  async look(addresses: readonly string[], proven: readonly string[]): Promise<void> {
    if (this.#expected.size > 0) return;
    for (const address of addresses) {
      const peer = this.#peerToAsk(address, proven.includes(address) ? PROVE_AGAIN_MS : ASK_AGAIN_MS);
      if (peer) return this.#ask(peer, address);
    }
  }

  async #ask({ id, group }: { id: string; group: string }, address: string): Promise<void> {
    const { host, onResult, log, now } = this.#deps;
    this.#asked.set(`${group} ${address}`, now());
    dropOldest(this.#asked, MAX_ASKED);
    this.#expected.set(id, address);
    try {
      const { port } = parseMultiaddr(address)!;
      const answer = await host.request({ id, addresses: [] }, DIAL_BACK_PROTOCOL, { port });
      if (decodeDialBack(answer)) await pause(SETTLE_MS);
      if (!this.#arrived.has(id)) onResult({ type: 'dial-failed', address, by: group });
    } catch (error) {
      log.debug({ peer: id, error: messageOf(error) }, 'peer does not dial back');
    } finally {
      this.#expected.delete(id);
      this.#arrived.delete(id);
    }
  }

  #onConnection(connection: Connection): void {
    const id = connection.remotePeer.toString();
    const address = this.#expected.get(id);
    const host = hostOf(connection.remoteAddr);
    if (address === undefined || connection.direction !== 'inbound' || this.#deps.isPunched(connection))
      return;
    if (host === undefined || scopeOfRemote(host) !== 'public') return;
    this.#arrived.add(id);
    this.#deps.onResult({ type: 'dialled', address });
  }

  /** A peer with a public address that dials back and whose group was not asked about this address lately. */
  #peerToAsk(address: string, pauseMs: number): { id: string; group: string } | undefined {
    const { libp2p, now } = this.#deps;
    for (const { remotePeer, remoteAddr } of libp2p.getConnections()) {
      const host = hostOf(remoteAddr);
      if (host === undefined || scopeOfRemote(host) !== 'public') continue;
      const [id, group] = [remotePeer.toString(), addressGroup(host)];
      const asked = this.#asked.get(`${group} ${address}`) ?? Number.NEGATIVE_INFINITY;
      if (this.#dialsBack.has(id) && now() - asked >= pauseMs) return { id, group };
    }
    return undefined;
  }

  readonly #dialsBack = new Set<string>();

  /** Notes the protocols that a connected peer supports. */
  heard(id: string, protocols: readonly string[]): void {
    if (protocols.includes(DIAL_BACK_PROTOCOL)) this.#dialsBack.add(id);
    dropOldest(this.#dialsBack, MAX_ASKED);
  }
}
