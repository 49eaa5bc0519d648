import { BitorchError, type Logger, messageOf, toHex } from '#base';
import { type Metainfo, pieceSize } from '../metainfo.ts';
import { AddressBook, type Dialable, type Known } from './address-book.ts';
import { Bitfield } from './bitfield.ts';
import { ANNOUNCE_DELAY_MS, MAX_HALF_OPEN } from './constants.ts';
import type { Downloads } from './downloads.ts';
import type { Peer, PeerOwner } from './peer.ts';
import type { Picker } from './picker.ts';
import { Tallies } from './tallies.ts';
import type { Uploads } from './uploads.ts';
import { encodeBitfield, encodeHaves, type Handshake, type WireMessage } from './wire.ts';

/** What connections of one torrent share with its other parts. */
export interface TorrentParts {
  readonly metainfo: Metainfo;
  readonly have: Bitfield;
  readonly picker: Picker;
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  /** Whether a peer (hexadecimal id, as it claims) may take part. */
  readonly admits: (peerId: string) => boolean;
}

/** What connections of one torrent need of the node. */
export interface SwarmPorts {
  readonly peerId: Uint8Array;
  readonly log: Logger;
  /** Whether the node may have one more connection, with this host. */
  hasRoom(host: string): boolean;
  /** Begins a connection whose owner is `owner`. */
  dial(target: Dialable, owner: PeerOwner): Peer;
  /** Some peer's interest or connection changed: free upload slots may be given away. */
  slotsChanged(): void;
}

/** The connections of one torrent: who is connected, what is said, who is dialled next. */
export class Connections implements PeerOwner {
  readonly #parts: TorrentParts;
  readonly #ports: SwarmPorts;
  readonly #selfId: string;
  readonly #book = new AddressBook();
  readonly #tallies = new Tallies();
  /** By peer id, after both handshakes. */
  readonly #peers = new Map<string, Peer>();
  readonly #dialling = new Set<Peer>();
  /** Verified pieces that peers have not been told of. */
  readonly #unannounced: number[] = [];
  #announceTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: TorrentParts, ports: SwarmPorts) {
    this.#parts = parts;
    this.#ports = ports;
    this.#selfId = toHex(ports.peerId);
  }

  get peers(): Iterable<Peer> {
    return this.#peers.values();
  }

  get count(): number {
    return this.#peers.size;
  }

  get tallies() {
    return this.#tallies.view(this.#peers.values());
  }

  addAddress(host: string, port: number): void {
    this.#book.add(host, port);
    this.dial();
  }

  /** Dials as many known addresses as the limits allow. */
  dial(): void {
    const areWeSeed = this.#parts.have.isFull;
    const skip = ({ host, peerId, isSeed }: Known) =>
      this.#peers.has(peerId) || (areWeSeed && isSeed) || !this.#ports.hasRoom(host);
    for (const target of this.#book.due(Date.now(), MAX_HALF_OPEN - this.#dialling.size, skip)) {
      if (this.#stopped) return;
      if (!this.#ports.hasRoom(target.host)) continue;
      this.#book.busy(target.address);
      this.#dialling.add(this.#ports.dial(target, this));
    }
  }

  /** Takes over an accepted connection whose handshake named this torrent. */
  accept(peer: Peer): void {
    peer.owner = this;
    this.#greet(peer);
    this.#admit(peer);
  }

  #greet(peer: Peer): void {
    peer.sendHandshake({ infohash: this.#parts.metainfo.infohash, peerId: this.#ports.peerId });
  }

  onConnect(peer: Peer): void {
    this.#greet(peer);
  }

  onHandshake(peer: Peer, { infohash }: Handshake): void {
    this.#dialling.delete(peer);
    if (toHex(infohash) === toHex(this.#parts.metainfo.infohash)) this.#admit(peer);
    else peer.close('answers for another torrent');
  }

  #admit(peer: Peer): void {
    const refusal = this.#refusal(peer);
    if (refusal) {
      peer.dismiss(refusal);
      return;
    }
    this.#peers.get(peer.id)?.close('duplicate');
    const { metainfo, have } = this.#parts;
    peer.has = new Bitfield(metainfo.pieceCount);
    peer.seeding = have.isFull;
    peer.allowBitfield(have.bytes.length);
    this.#peers.set(peer.id, peer);
    if (have.count > 0) peer.send(encodeBitfield(have.bytes));
  }

  #refusal(peer: Peer): string | undefined {
    if (peer.id === this.#selfId) {
      if (peer.outgoing) this.#book.exclude(peer.address);
      return 'connected to itself';
    }
    if (this.#book.isBanned(peer.address, peer.id)) return 'banned';
    if (!this.#parts.admits(peer.id)) return 'not admitted';
    const other = this.#peers.get(peer.id);
    // When both sides dialled at once, both must keep the same connection: the one of the smaller peer id.
    const keepsOutgoing = this.#selfId < peer.id;
    const isSecond = other && (other.outgoing === peer.outgoing || other.outgoing === keepsOutgoing);
    return isSecond ? 'duplicate' : undefined;
  }

  onMessage(peer: Peer, message: WireMessage): void {
    const { downloads, metainfo } = this.#parts;
    switch (message.type) {
      case 'piece':
        downloads.receive(peer, message.index, message.begin, message.block);
        break;
      case 'request':
        this.#onRequest(peer, message);
        break;
      case 'cancel':
        peer.forget(message);
        break;
      case 'have':
        if (message.index >= metainfo.pieceCount) throw broken(`no piece ${message.index}`);
        if (peer.has!.add(message.index)) this.#onGain(peer, message.index);
        this.#afterGain(peer);
        break;
      case 'bitfield':
        // Meant to come first, but aria2 also sends one in place of many have messages.
        for (const index of Bitfield.parse(message.bits, metainfo.pieceCount)) {
          if (peer.has!.add(index)) this.#onGain(peer, index);
        }
        this.#afterGain(peer);
        break;
      case 'choke':
        peer.choking = true;
        downloads.abandon(peer);
        break;
      case 'unchoke':
        peer.choking = false;
        peer.snubbed = false;
        downloads.fill(peer);
        break;
      case 'interested':
      case 'not-interested':
        peer.interested = message.type === 'interested';
        if (!peer.interested) peer.setChoking(true);
        this.#ports.slotsChanged();
        break;
    }
  }

  #onRequest(peer: Peer, request: { index: number; begin: number; length: number }): void {
    const { have, metainfo, uploads } = this.#parts;
    const { index, begin, length } = request;
    if (index >= metainfo.pieceCount || begin + length > pieceSize(metainfo, index)) {
      throw broken(`request of bytes ${begin}+${length} of piece ${index}`);
    }
    if (!have.has(index)) throw broken(`request of piece ${index}, which is not here`);
    // A request that crossed our choke on its way; the peer will ask again.
    if (peer.choked) return;
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

  /** A piece was verified: loses interest in those who have nothing else, and tells those who lack it. */
  onPiece(index: number): void {
    const { have, downloads } = this.#parts;
    for (const peer of this.#peers.values()) {
      if (peer.has!.has(index) && --peer.useful === 0) peer.setInteresting(false);
      peer.seeding = have.isFull;
      this.#closeIfUseless(peer);
      downloads.fill(peer);
    }
    this.#unannounced.push(index);
    this.#announceTimer ??= setTimeout(() => this.#announcePieces(), ANNOUNCE_DELAY_MS);
  }

  /** In one message to each peer for all pieces of the last moment: each write wakes a process at the other end. */
  #announcePieces(): void {
    this.#announceTimer = undefined;
    const pieces = this.#unannounced.splice(0);
    for (const peer of this.#peers.values()) {
      const news = pieces.filter((index) => !peer.has!.has(index));
      if (news.length > 0) peer.send(encodeHaves(news));
    }
  }

  /** More pieces are wanted than before. */
  onWant(): void {
    const { picker, have, downloads } = this.#parts;
    for (const peer of this.#peers.values()) {
      peer.useful = 0;
      for (const index of peer.has!) if (picker.isWanted(index) && !have.has(index)) peer.useful++;
      peer.setInteresting(peer.useful > 0);
      downloads.fill(peer);
    }
    this.dial();
  }

  onDrain(peer: Peer): void {
    void this.#parts.uploads.serve(peer);
  }

  onClose(peer: Peer, reason: unknown): void {
    this.#dialling.delete(peer);
    const isSeed = peer.has?.isFull ?? false;
    const useful = peer.downloaded + peer.uploaded > 0 || (isSeed && this.#parts.have.isFull);
    if (peer.outgoing) this.#book.closed(peer.address, { peerId: peer.id, isSeed, useful }, Date.now());
    if (this.#peers.get(peer.id) === peer) this.#forget(peer);
    this.#ports.log.debug({ peer: peer.address, reason: messageOf(reason) }, 'peer connection closed');
    this.#ports.slotsChanged();
  }

  #forget(peer: Peer): void {
    const { picker, downloads } = this.#parts;
    this.#peers.delete(peer.id);
    this.#tallies.settle(peer);
    for (const index of peer.has!) picker.lost(index);
    downloads.abandon(peer);
    for (const other of this.#peers.values()) downloads.fill(other);
  }

  /** Disconnects peers that sent bad bytes, for good. */
  ban(peerIds: readonly string[]): void {
    for (const id of peerIds) {
      const peer = this.#peers.get(id);
      this.#book.ban(peer?.address ?? '', id);
      this.#ports.log.warn({ peerId: id, address: peer?.address }, 'peer sent corrupt data and is banned');
      peer?.close('sent corrupt data');
    }
  }

  /** Asks anew whether each peer is admitted, and closes the connections of those who are not any more; dials the others. */
  review(): void {
    for (const peer of [...this.#peers.values()])
      if (!this.#parts.admits(peer.id)) peer.close('not admitted');
    this.#book.forgive();
    this.dial();
  }

  tick(now: number, elapsedMs: number): void {
    for (const peer of this.#peers.values()) {
      peer.tick(now, elapsedMs);
      this.#parts.downloads.checkSnubbed(peer, now);
    }
    for (const peer of this.#peers.values()) this.#parts.downloads.fill(peer);
    this.dial();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#announceTimer);
    for (const peer of [...this.#dialling, ...this.#peers.values()]) peer.close('torrent stopped');
  }
}

const broken = (what: string): BitorchError =>
  new BitorchError('WIRE_INVALID', `peer broke the protocol: ${what}`);
