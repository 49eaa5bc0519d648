import { BitorchError, type Logger, messageOf, toHex } from '#base';
import type { PeerAddress } from '#network';
import { addressGroup, type Dialable } from '#network/addresses';
import { type Metainfo, pieceSize } from '../metainfo.ts';
import { peerIdOf } from '../peer-id.ts';
import { AddressBook, addressOf, type Known } from './address-book.ts';
import type { Bans } from './bans.ts';
import { Bitfield } from './bitfield.ts';
import { MAX_HALF_OPEN } from './constants.ts';
import type { Downloads } from './downloads.ts';
import { lesserDuplicates } from './duplicates.ts';
import { EXTENSION_HANDSHAKE, requestLimitOf } from './extension.ts';
import { HaveBroadcast } from './have-broadcast.ts';
import type { Peer, PeerOwner } from './peer.ts';
import type { Picker } from './picker.ts';
import { originOf } from './remote-end.ts';
import { RequestQueue } from './request-queue.ts';
import { TransferCounters } from './transfer-counters.ts';
import { Tunnels } from './tunnels.ts';
import type { Uploads } from './uploads.ts';
import {
  type BlockRequest,
  encodeBitfield,
  encodeExtensionHandshake,
  type Handshake,
  type WireMessage,
} from './wire.ts';

/** Cost of decoding an extension handshake, in units of one idle message; and bitfield bytes per unit. */
const IDLE_COST_OF_DECODING = 64;
const IDLE_BITFIELD_BYTES = 64;

/** The torrent's other parts, as used by its connections. */
export interface TorrentParts {
  readonly metainfo: Metainfo;
  readonly have: Bitfield;
  readonly picker: Picker;
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  /** Whether a peer may take part, by the hexadecimal peer id it claims. */
  readonly admits: (peerId: string) => boolean;
  /** Whether a wanted piece is missing. */
  readonly isWanting: () => boolean;
  /** Nodes that announce to hold some of the torrent. */
  readonly nodes: () => readonly PeerAddress[];
}

/** What the connections of a torrent need from the node. */
export interface SwarmPorts {
  readonly peerId: Uint8Array;
  readonly log: Logger;
  readonly bans: Bans;
  /** Whether the node may open one more connection to this host; with `isNeeded`, also by closing an idle one. */
  hasRoom(host: string, isNeeded: boolean): boolean;
  /** Dials an address for `owner`, after hasRoom() returned true. */
  dial(target: Dialable, owner: PeerOwner): Peer;
  /** Opens a tunnel to a node for `owner`. Throws PEER_UNREACHABLE or BUDGET_EXCEEDED. */
  tunnel(node: PeerAddress, owner: PeerOwner, signal: AbortSignal): Promise<Peer>;
  /** Whether a node is connected by more than a relay. */
  isDirect(node: string): boolean;
  /** Called when a peer's interest or connection changed, so that free upload slots can be reassigned. */
  slotsChanged(): void;
}

/** The connections of one torrent: admits peers, handles their messages, dials known addresses. */
export class Connections implements PeerOwner {
  readonly #parts: TorrentParts;
  readonly #ports: SwarmPorts;
  readonly #selfId: string;
  readonly #book = new AddressBook();
  readonly #counters = new TransferCounters();
  /** Peers with both handshakes done. */
  readonly #peers = new Set<Peer>();
  readonly #dialling = new Set<Peer>();
  readonly #haves = new HaveBroadcast(this.#peers);
  readonly #tunnels: Tunnels;
  #stopped = false;

  constructor(parts: TorrentParts, ports: SwarmPorts) {
    this.#parts = parts;
    this.#ports = ports;
    this.#selfId = toHex(ports.peerId);
    this.#tunnels = new Tunnels({
      ...{ nodes: parts.nodes, isWanting: parts.isWanting, log: ports.log },
      peers: () => [...this.#dialling, ...this.#peers],
      open: (node, signal) => ports.tunnel(node, this, signal),
      isDirect: (node) => ports.isDirect(node),
      isBanned: (node) => ports.bans.has(node, Date.now()),
    });
  }

  get peers(): Iterable<Peer> {
    return this.#peers;
  }

  get count(): number {
    return this.#peers.size;
  }

  get transfers() {
    return this.#counters.view(this.#peers);
  }

  addAddress(place: Dialable): void {
    this.#book.add(place);
    this.dial();
  }

  /** Dials as many known addresses as the limits allow. */
  dial(): void {
    if (this.#stopped) return;
    const { bans, hasRoom } = this.#ports;
    const now = Date.now();
    const areWeSeed = this.#parts.have.isFull;
    // Only one dial at a time may displace another connection.
    let isNeeded = this.#isStarved && this.#dialling.size === 0;
    const skip = (known: Known) =>
      (areWeSeed && known.isSeed) ||
      this.#isConnected(known) ||
      bans.has(originOf(known.place), now) ||
      !hasRoom(known.place.host, isNeeded);
    for (const target of this.#book.due(now, MAX_HALF_OPEN - this.#dialling.size, skip)) {
      if (!hasRoom(target.host, isNeeded)) continue;
      isNeeded = false;
      this.#book.busy(addressOf(target));
      this.#dialling.add(this.#ports.dial(target, this));
    }
  }

  /** A wanted piece is missing and no connected peer has one. */
  get #isStarved(): boolean {
    return this.#parts.isWanting() && ![...this.#peers].some(({ useful }) => useful > 0);
  }

  /**
   * Whether the peer last seen at an address is connected by another address. A peer id proves nothing, so only a
   * connection that has carried data counts.
   */
  #isConnected({ place, peerId }: Known): boolean {
    const network = addressGroup(place.host);
    return [...this.#peers].some(
      (peer) => peer.id === peerId && peer.network === network && peer.downloaded + peer.uploaded > 0,
    );
  }

  /** Takes over an accepted connection whose handshake named this torrent. */
  accept(peer: Peer, handshake: Handshake): void {
    peer.owner = this;
    this.#greet(peer);
    this.#admit(peer, handshake);
  }

  #greet(peer: Peer): void {
    peer.sendHandshake({ infohash: this.#parts.metainfo.infohash, peerId: this.#ports.peerId });
  }

  onConnect(peer: Peer): void {
    this.#dialling.add(peer);
    this.#greet(peer);
  }

  onHandshake(peer: Peer, handshake: Handshake): void {
    this.#dialling.delete(peer);
    if (toHex(handshake.infohash) === toHex(this.#parts.metainfo.infohash)) this.#admit(peer, handshake);
    else peer.close('answered for another torrent');
  }

  #admit(peer: Peer, { extended }: { extended: boolean }): void {
    const refusal = this.#refusal(peer);
    if (refusal) {
      peer.dismiss(refusal);
      return;
    }
    const { metainfo, have } = this.#parts;
    peer.has = new Bitfield(metainfo.pieceCount);
    peer.queue = new RequestQueue(metainfo.pieceLength);
    this.#haves.skip(peer);
    peer.seeding = have.isFull;
    peer.allowBitfield(have.bytes.length);
    this.#peers.add(peer);
    if (have.count > 0) peer.send(encodeBitfield(have.bytes));
    if (extended) peer.send(encodeExtensionHandshake(EXTENSION_HANDSHAKE));
  }

  #refusal(peer: Peer): string | undefined {
    if (peer.id === this.#selfId) {
      if (peer.outgoing) this.#book.exclude(peer.address);
      return 'connected to itself';
    }
    const { node } = peer.end;
    if (node !== undefined && peer.id !== toHex(peerIdOf(node))) return 'claims the id of another node';
    if (this.#ports.bans.has(peer.origin, Date.now())) return 'banned';
    return this.#parts.admits(peer.id) ? undefined : 'not admitted';
  }

  onMessage(peer: Peer, message: WireMessage): void {
    const { downloads } = this.#parts;
    switch (message.type) {
      case 'piece':
        downloads.receive(peer, message.index, message.begin, message.block);
        break;
      case 'request':
        this.#onRequest(peer, message);
        break;
      case 'cancel':
        if (!peer.queue!.cancel(message)) peer.chargeIdle();
        break;
      case 'have':
        this.#onHave(peer, message.index);
        break;
      case 'bitfield':
        this.#onBitfield(peer, message.bits);
        break;
      case 'extension-handshake':
        peer.chargeIdle(IDLE_COST_OF_DECODING);
        peer.requestLimit = requestLimitOf(message.payload) ?? peer.requestLimit;
        break;
      case 'choke':
      case 'unchoke':
        this.#onChoke(peer, message.type === 'choke');
        break;
      case 'interested':
      case 'not-interested':
        // Each change may trigger a choke or unchoke message, so each is charged.
        peer.chargeIdle();
        peer.interested = message.type === 'interested';
        this.#ports.slotsChanged();
        break;
      default:
        peer.chargeIdle();
    }
  }

  #onChoke(peer: Peer, choking: boolean): void {
    const { downloads } = this.#parts;
    peer.chargeIdle();
    peer.choking = choking;
    if (choking) {
      downloads.abandon(peer);
    } else {
      peer.snubbed = false;
      downloads.fill(peer);
    }
  }

  #onHave(peer: Peer, index: number): void {
    if (index >= this.#parts.metainfo.pieceCount) throw broken(`no piece ${index}`);
    if (!peer.has!.add(index)) {
      peer.chargeIdle();
      return;
    }
    this.#onGain(peer, index);
    this.#afterGain(peer);
  }

  /** Usually the first message, but aria2 also sends it in place of many have messages. */
  #onBitfield(peer: Peer, bits: Uint8Array): void {
    peer.chargeIdle(1 + Math.floor(bits.length / IDLE_BITFIELD_BYTES));
    for (const index of Bitfield.parse(bits, this.#parts.metainfo.pieceCount)) {
      if (peer.has!.add(index)) this.#onGain(peer, index);
    }
    this.#afterGain(peer);
  }

  #onRequest(peer: Peer, request: BlockRequest): void {
    const { have, metainfo, uploads } = this.#parts;
    const { index, begin, length } = request;
    if (index >= metainfo.pieceCount || begin + length > pieceSize(metainfo, index)) {
      throw broken(`request of bytes ${begin}+${length} of piece ${index}`);
    }
    if (!have.has(index)) throw broken(`request of piece ${index}, which we do not have`);
    // The request crossed our choke message; the peer will repeat it.
    if (peer.choked) {
      peer.chargeIdle();
      return;
    }
    peer.enqueue(request);
    void uploads.serve(peer);
  }

  #onGain(peer: Peer, index: number): void {
    const { picker, have } = this.#parts;
    picker.gained(index);
    if (picker.isWanted(index) && !have.has(index)) peer.useful++;
  }

  #afterGain(peer: Peer): void {
    peer.setInteresting(peer.useful > 0);
    this.#closeIfUseless(peer);
    this.#parts.downloads.fill(peer);
  }

  #closeIfUseless(peer: Peer): void {
    if (this.#parts.have.isFull && peer.has?.isFull) peer.close('both sides have everything');
  }

  /** A piece was verified: drops interest in peers that have nothing else we want, and announces the piece. */
  onPiece(index: number): void {
    const { have, downloads } = this.#parts;
    for (const peer of this.#peers) {
      if (peer.has!.has(index) && --peer.useful === 0) peer.setInteresting(false);
      peer.seeding = have.isFull;
      this.#closeIfUseless(peer);
      downloads.fill(peer);
    }
    this.#haves.add(index);
  }

  /** More pieces are wanted than before. */
  onWant(): void {
    const { picker, have, downloads } = this.#parts;
    for (const peer of this.#peers) {
      peer.useful = 0;
      for (const index of peer.has!) if (picker.isWanted(index) && !have.has(index)) peer.useful++;
      peer.setInteresting(peer.useful > 0);
      downloads.fill(peer);
    }
    this.dial();
  }

  onRoom(peer: Peer): void {
    this.#haves.tell(peer);
    void this.#parts.uploads.serve(peer);
  }

  onClose(peer: Peer, reason: unknown): void {
    this.#dialling.delete(peer);
    const isSeed = peer.has?.isFull ?? false;
    const useful = peer.downloaded + peer.uploaded > 0 || (isSeed && this.#parts.have.isFull);
    if (peer.outgoing) this.#book.closed(peer.address, { peerId: peer.id, isSeed, useful }, Date.now());
    this.#tunnels.closed(peer, useful, Date.now());
    if (this.#peers.has(peer)) this.#forget(peer);
    this.#ports.log.debug({ peer: peer.address, reason: messageOf(reason) }, 'peer connection closed');
    this.#ports.slotsChanged();
  }

  #forget(peer: Peer): void {
    const { picker, downloads } = this.#parts;
    this.#peers.delete(peer);
    this.#counters.settle(peer);
    for (const index of peer.has!) picker.lost(index);
    downloads.abandon(peer);
    for (const other of this.#peers) downloads.fill(other);
  }

  /** Disconnects and bans the origins that sent corrupt data. */
  ban(origins: readonly string[]): void {
    for (const origin of origins) {
      this.#ports.bans.add(origin, Date.now());
      this.#ports.log.warn({ origin }, 'peer banned for one hour: it sent corrupt data');
      for (const peer of [...this.#peers]) if (peer.origin === origin) peer.close('sent corrupt data');
    }
  }

  /** Applies `admits` again: closes connections that are no longer admitted, and dials all known addresses. */
  review(): void {
    for (const peer of [...this.#peers]) if (!this.#parts.admits(peer.id)) peer.close('not admitted');
    this.#book.resetPauses();
    this.dial();
  }

  tick(now: number, elapsedMs: number): void {
    const { downloads } = this.#parts;
    for (const peer of [...this.#peers]) {
      peer.tick(now, elapsedMs);
      downloads.checkSnubbed(peer, now);
    }
    downloads.checkOverdue(now);
    for (const peer of lesserDuplicates(this.#peers, this.#selfId, now)) peer.close('duplicate');
    for (const peer of this.#peers) downloads.fill(peer);
    this.dial();
    this.#tunnels.tick(now);
  }

  stop(): void {
    this.#stopped = true;
    this.#tunnels.stop();
    this.#haves.stop();
    for (const peer of [...this.#dialling, ...this.#peers]) peer.close('torrent stopped');
  }
}

const broken = (what: string): BitorchError =>
  new BitorchError('WIRE_INVALID', `peer violated the protocol: ${what}`);
