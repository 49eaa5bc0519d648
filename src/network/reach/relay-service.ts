import { type CircuitRelayService, circuitRelayServer } from '@libp2p/circuit-relay-v2';
import type { Connection, PeerId } from '@libp2p/interface';
import { hostOf } from '../connections.ts';
import { RELAY_LIMITS, RelayBudget } from './relay-budget.ts';

type ServerComponents = Parameters<ReturnType<typeof circuitRelayServer>>[0];
type Server = CircuitRelayService & { start(): Promise<void>; stop(): Promise<void> };

/** The relay that this node is for others, from `start` on and within a budget. */
export class RelayService {
  readonly #budget: RelayBudget;
  #server!: Server;
  #isRunning = false;

  constructor(dependencies: { connections: (peer?: PeerId) => readonly Connection[] }) {
    const { connections } = dependencies;
    this.#budget = new RelayBudget(RELAY_LIMITS, { connections, reservations: () => this.#reservations() });
  }

  /** The service for libp2p: not the server itself, which would be started with the node. */
  readonly service = (components: ServerComponents): object => {
    this.#server = circuitRelayServer({
      maxInboundHopStreams: RELAY_LIMITS.circuitsOfGroup,
      maxOutboundStopStreams: RELAY_LIMITS.circuits,
      reservations: {
        maxReservations: RELAY_LIMITS.reservations,
        reservationTtl: RELAY_LIMITS.reservationMs,
        defaultDataLimit: RELAY_LIMITS.circuitBytes,
        defaultDurationLimit: RELAY_LIMITS.circuitMs,
      },
    })(components) as Server;
    return {};
  };

  mayReserve(peer: PeerId): boolean {
    return this.#isRunning && this.#budget.mayReserve(peer);
  }

  mayConnect(source: PeerId, target: PeerId): boolean {
    return this.#isRunning && this.#budget.mayConnect(source, target);
  }

  async start(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    await this.#server.start();
  }

  async stop(): Promise<void> {
    if (this.#isRunning) await this.#server.stop();
  }

  /** Hosts that hold a reservation, by peer id. */
  #reservations(): ReadonlyMap<string, string | undefined> {
    const held = [...this.#server.reservations];
    return new Map(held.map(([peer, { addr }]) => [peer.toString(), hostOf(addr)]));
  }
}
