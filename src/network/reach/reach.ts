import { circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import type { DCUtRServiceComponents } from '@libp2p/dcutr';
import type { Connection, ConnectionGater, PeerId, Transport } from '@libp2p/interface';
import { mdns } from '@libp2p/mdns';
import { ping } from '@libp2p/ping';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { Libp2pOptions } from 'libp2p';
import type { Logger } from '#base';
import { farthestScope, hostOf } from '../connections.ts';
import { addressGroup, dialableOnly, parseMultiaddr, scopeOfRemote } from '../dialable.ts';
import type { Libp2pNode } from '../libp2p-node.ts';
import type { PeerAddress } from '../peer-address.ts';
import { adviceFor } from './advice.ts';
import { type ContentRouting, Dht } from './dht.ts';
import { DIAL_BACK_PROTOCOL, DialBacks } from './dial-back.ts';
import { boundedIdentifyPush } from './identify-push.ts';
import { LAN_SERVICE, LanPeers } from './lan.ts';
import { type NatKind, Sightings } from './nat-guess.ts';
import { addressesToAnnounce, addressesToProve, type OwnAddresses } from './own-addresses.ts';
import { PortMapper } from './port-mapper.ts';
import { HolePuncher } from './punch.ts';
import type { ReachOptions } from './reach-options.ts';
import {
  afterEvent,
  NOTHING_KNOWN,
  provenAddresses,
  type Reachability,
  type ReachEvent,
  reachabilityOf,
} from './reachability.ts';
import { RelayService } from './relay-service.ts';
import { Relays, type Reservations } from './relays.ts';
import { SelfTest } from './self-test.ts';
import { SharedPort } from './shared-port.ts';

const LOOK_MS = 1_000;
/** Pause between two questions to the local network. */
const LAN_INTERVAL_MS = 10_000;

/** How a node can be reached, and what it has observed of that. */
export interface ReachView {
  readonly state: Reachability;
  /** What it announces. */
  readonly addresses: readonly string[];
  /** The addresses at which strangers got through. */
  readonly proven: readonly string[];
  /** HOST:PORT of outgoing connections as peers see them. */
  readonly seenAs: readonly string[];
  /** Ports of the router that are mapped to this node. */
  readonly mapped: readonly string[];
  /** Peer ids of the relays that hold a reservation. */
  readonly relays: readonly string[];
  /** Peers that a hole was punched to, of those that are connected. */
  readonly holePunched: number;
  readonly nat: NatKind;
  /** What the owner can do; empty when nothing is needed. */
  readonly advice: string;
}

interface ReachDependencies {
  readonly libp2p: Libp2pNode;
  readonly host: Requests;
  /** Port of the links; 0: none. */
  readonly linkPort: number;
  /** Called when the announced addresses have changed. */
  readonly onChange: () => void;
}

/** Requests and answers of the host. */
interface Requests {
  request(peer: PeerAddress, protocol: string, message: unknown): Promise<unknown>;
  isConnected(peer: string): boolean;
  connect(peer: PeerAddress): Promise<string>;
  answer(protocol: string, answerer: (message: unknown, from: string) => Promise<unknown>): Promise<void>;
}

type TransportFactory = NonNullable<Libp2pOptions['transports']>[number];

/** What makes a node reachable: it learns how strangers can dial it, reserves places at relays, and is a relay itself. */
export class Reach {
  readonly options: ReachOptions;
  readonly #log: Logger;
  readonly #port: SharedPort;
  readonly #now = () => performance.now();
  readonly #sightings = new Sightings(this.#now);
  readonly #punching: HolePuncher;
  readonly #punched = new WeakSet<Connection>();
  readonly #relayService: RelayService;
  #libp2p: Libp2pNode | undefined;
  #transportManager: DCUtRServiceComponents['transportManager'] | undefined;
  #reservations!: Reservations;
  #relays!: Relays;
  #selfTest!: SelfTest;
  #mapper: PortMapper | undefined;
  #lan: LanPeers | undefined;
  readonly #dht: Dht | undefined;
  #state = NOTHING_KNOWN;
  #announced = '';
  #onChange: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: ReachOptions, port: SharedPort, log: Logger) {
    this.options = options;
    this.#port = port;
    this.#dht = options.dht
      ? new Dht(() => (this.#libp2p ? farthestScope(this.#libp2p) : 'public'))
      : undefined;
    this.#log = log;
    this.#punching = new HolePuncher({
      endpoints: () => this.#sightings.endpoints,
      onPunched: (connection) => this.#onPunched(connection),
    });
    this.#relayService = new RelayService({
      connections: (peer) => this.#libp2p?.getConnections(peer) ?? [],
    });
  }

  /** Prepares what libp2p is configured with; `start` follows when libp2p runs. */
  static async prepare(options: ReachOptions, { log }: { log: Logger }): Promise<Reach> {
    return new Reach(options, await SharedPort.choose(), log);
  }

  get transports(): TransportFactory[] {
    const circuits: TransportFactory = (components) => {
      const transport = circuitRelayTransport()(components);
      this.#reservations = (transport as Transport & { reservationStore: Reservations }).reservationStore;
      return transport;
    };
    return [this.#port.transport((peer) => this.#punching.responds(peer)), circuits];
  }

  get services() {
    return {
      relay: this.#relayService.service,
      push: boundedIdentifyPush(this.#now),
      ...(this.#dht && { ping: ping(), dht: this.#dht.service }),
      punching: (components: DCUtRServiceComponents) => {
        this.#transportManager = components.transportManager;
        return this.#punching.service(components);
      },
    };
  }

  /** Finds nodes of the local network; none where the options say so. */
  get peerDiscovery(): NonNullable<Libp2pOptions['peerDiscovery']> {
    if (!this.options.lan) return [];
    return [
      (components) => {
        const discovery = mdns({ serviceTag: LAN_SERVICE, interval: LAN_INTERVAL_MS })(components);
        // Not the event of libp2p: its peer store has dropped private addresses of unknown peers by then.
        discovery.addEventListener('peer', ({ detail }) => this.#lan?.found(detail));
        return discovery;
      },
    ];
  }

  /** The hash table; undefined where the options say so. */
  get contentRouting(): ContentRouting | undefined {
    return this.#dht;
  }

  get gater(): ConnectionGater {
    return {
      denyInboundRelayReservation: (peer) => !this.#relayService.mayReserve(peer),
      denyOutboundRelayedConnection: (source, target) => !this.#relayService.mayConnect(source, target),
      denyInboundRelayedConnection: (relay) => !this.#relays.uses(relay),
    };
  }

  /** The addresses that this node announces, each with its peer id at the end: identify cuts off the last id of an address. */
  announce(self: PeerId): Multiaddr[] {
    return this.#toAnnounce().map((address) => multiaddr(`${address}/p2p/${self}`));
  }

  async start({ libp2p, host, linkPort, onChange }: ReachDependencies): Promise<void> {
    const dialBacks = new DialBacks(libp2p);
    await host.answer(DIAL_BACK_PROTOCOL, (message, from) => dialBacks.answer(message, from));
    this.#libp2p = libp2p;
    this.#onChange = onChange;
    this.#relays = new Relays({
      reservations: this.#reservations,
      connections: (peer) => libp2p.getConnections(peer),
      log: this.#log,
      onChange: () => this.#note({ type: 'relays', count: this.#relays.addresses.length }),
    });
    this.#selfTest = new SelfTest({
      ...{ libp2p, host, now: this.#now, log: this.#log },
      isPunched: ({ remotePeer }) => this.#punching.isDialling(remotePeer),
      onResult: (event) => this.#note(event),
    });
    libp2p.addEventListener('peer:identify', ({ detail }) => {
      const { peerId, protocols, connection, observedAddr } = detail;
      this.#relays.heard(peerId, protocols);
      this.#selfTest.heard(peerId.toString(), protocols);
      if (observedAddr) this.#onSeen(connection, observedAddr);
      this.#look();
    });
    libp2p.addEventListener('connection:open', ({ detail }) => this.#onConnection(detail));
    this.#lan = new LanPeers({ host, log: this.#log, now: this.#now });
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
    this.#look();
    if (this.options.portMapping) this.#mapPorts(linkPort);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#mapper?.stop();
    await this.#relayService.stop();
  }

  /** Whether the peer of a connection may open another one to this node: not from afar through a router that is closed. */
  canBeDialledBy({ remoteAddr }: Connection): boolean {
    return this.state === 'direct' || scopeOfRemote(hostOf(remoteAddr)) !== 'public';
  }

  /** Whether this node opened a connection because the peer wanted to be reached directly. */
  wasRequested(connection: Connection): boolean {
    return this.#punched.has(connection);
  }

  /** Whether a hole may be punched: peers have told from where connections of this node come. */
  get punches(): boolean {
    return this.#sightings.endpoints.length > 0;
  }

  get state(): Reachability {
    const { assume } = this.options;
    if (assume === 'direct') return 'direct';
    return reachabilityOf(this.#state, this.#now());
  }

  get view(): ReachView {
    const own = this.#own();
    const nat = this.#sightings.kind(own.listening.flatMap((one) => parseMultiaddr(one)?.host ?? []));
    const connections = this.#libp2p?.getConnections() ?? [];
    return {
      state: this.state,
      addresses: this.#toAnnounce(),
      proven: provenAddresses(this.#state, this.#now()),
      seenAs: this.#sightings.endpoints.map(({ host, port }) => `${host}:${port}`),
      mapped: own.mapped,
      relays: own.circuits.map((address) => /\/p2p\/([^/]+)\/p2p-circuit/.exec(address)![1]!),
      holePunched: connections.filter((connection) => this.#punched.has(connection)).length,
      nat,
      advice: adviceFor(this.state, nat, own.listening.flatMap((one) => parseMultiaddr(one)?.port ?? [])[0]),
    };
  }

  #look(): void {
    this.#relays.look(this.state !== 'direct');
    if (this.state === 'direct' && this.options.relay) void this.#relayService.start();
    void this.#dht?.serve(this.state === 'direct');
    if (this.options.assume === 'nothing') {
      const proven = provenAddresses(this.#state, this.#now());
      void this.#selfTest.look(addressesToProve(this.#own()), proven);
    }
    this.#tell();
  }

  /** Where this machine has private addresses only: otherwise there is no router to ask. */
  #mapPorts(linkPort: number): void {
    const places = this.#own().listening.flatMap((address) => parseMultiaddr(address) ?? []);
    const inner = places.filter(({ kind, scope }) => kind === 'ip4' && scope === 'private');
    if (inner.length === 0 || places.some(({ scope }) => scope === 'public')) return;
    const ports = [inner[0]!.port, ...(linkPort > 0 ? [linkPort] : [])];
    this.#mapper = new PortMapper(ports, { log: this.#log, onChange: () => this.#look() });
    void this.#mapper.start();
  }

  #note(event: ReachEvent): void {
    const before = this.state;
    this.#state = afterEvent(this.#state, event, this.#now());
    const { state } = this;
    if (state !== before) this.#log.info({ before, state }, 'reachability changed');
    if (state === before) this.#tell();
    else this.#look();
  }

  /** Tells connected peers the addresses when they have changed. */
  #tell(): void {
    const announced = this.#toAnnounce().join();
    if (announced === this.#announced || !this.#libp2p) return;
    this.#announced = announced;
    const { peerStore, peerId } = this.#libp2p;
    peerStore
      .patch(peerId, { multiaddrs: this.#toAnnounce().map((one) => multiaddr(one)) })
      .catch(() => undefined);
    this.#onChange();
  }

  #toAnnounce(): string[] {
    return addressesToAnnounce(this.#own(), this.#state, this.#now());
  }

  #own(): OwnAddresses {
    const listening = (this.#transportManager?.getAddrs() ?? []).map(String);
    return {
      listening:
        this.options.assume === 'unreachable' ? [] : listening.filter((one) => !one.includes('/p2p-circuit')),
      configured: this.options.announce,
      mapped: this.#mapper?.mapped ?? [],
      circuits: this.#relays?.addresses ?? [],
      seenHost: this.#sightings.host,
    };
  }

  /** Notes where a peer sees a connection that left from the shared port. */
  #onSeen(connection: Connection, observed: Multiaddr): void {
    const by = hostOf(connection.remoteAddr);
    const [seen] = dialableOnly([observed.toString()], 'public');
    const endpoint = seen === undefined ? undefined : parseMultiaddr(seen);
    if (by === undefined || endpoint?.scope !== 'public' || !this.#port.opened(connection)) return;
    this.#sightings.note(addressGroup(by), endpoint);
  }

  /** A stranger dialled this node; at which address is clear only where it has one public address of its own. */
  #onConnection(connection: Connection): void {
    const host = hostOf(connection.remoteAddr);
    if (connection.direction !== 'inbound' || host === undefined || scopeOfRemote(host) !== 'public') return;
    if (this.#punching.isDialling(connection.remotePeer)) return;
    const open = this.#own().listening.filter((address) => parseMultiaddr(address)?.scope === 'public');
    if (open.length === 1) this.#note({ type: 'dialled', address: open[0]! });
  }

  #onPunched(connection: Connection): void {
    this.#punched.add(connection);
    this.#note({ type: 'punched' });
  }
}
