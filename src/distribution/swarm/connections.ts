import { BitorchError, type Logger, messageOf, toHex } from '#base';
import { addressGroup, type Dialable } from '#network/addresses';
import { type Metainfo, pieceSize } from '../metainfo.ts';
import { AddressBook, addressOf, type Known } from './address-book.ts';
import type { Bans } from './bans.ts';
import { Bitfield } from './bitfield.ts';
import { MAX_HALF_OPEN } from './constants.ts';
import type { Downloads } from './downloads.ts';
import { lesserDuplicates } from './duplicates.ts';
import { EXTENSION_HANDSHAKE, requestLimitOf } from './extension.ts';
import { HaveBroadcast } from './have-broadcast.ts';
import { originOf, type Peer, type PeerOwner } from './peer.ts';
import type { Picker } from './picker.ts';
import { RequestQueue } from './request-queue.ts';
import { TransferCounters } from './transfer-counters.ts';
import type { Uploads } from './uploads.ts';
import {
  type BlockRequest,
  encodeBitfield,
  encodeExtensionHandshake,
  type Handshake,
  type WireMessage,
} from './wire.ts';

/** What decoding an extension handshake costs, in messages that change nothing; and the bytes of a bitfield that cost one. */
const IDLE_COST_OF_DECODING = 64;
const IDLE_BITFIELD_BYTES = 64;

/** What connections of one torrent share with its other parts. */
export interface TorrentParts {
  readonly metainfo: Metainfo;
  readonly have: Bitfield;
  readonly picker: Picker;
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  /** Whether a peer (hexadecimal id, as it claims) may take part. */
  readonly admits: (peerId: string) => boolean;
  /** Whether some wanted piece is missing. */
  readonly isWanting: () => boolean;
}

/** What connections of one torrent need of the node. */
export interface SwarmPorts {
  readonly peerId: Uint8Array;
  readonly log: Logger;
  readonly bans: Bans;
  /** Whether the node may have one more connection, with this host; by closing an idle one if `isNeeded`. */
  hasRoom(host: string, isNeeded: boolean): boolean;
  /** Begins a connection whose owner is `owner`; hasRoom() said that it may. */
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
  readonly #counters = new TransferCounters();
  /** After both handshakes. */
  readonly #peers = new Set<Peer>();
  readonly #dialling = new Set<Peer>();
  readonly #haves = new HaveBroadcast(this.#peers);
  #stopped = false;

  constructor(parts: TorrentParts, ports: SwarmPorts) {
    this.#parts = parts;
    this.#ports = ports;
    this.#selfId = toHex(ports.peerId);
  }

  get peers(): Iterable<Peer> {
    return this.#peers;
  }

  get count(): number {
    return this.#peers.size;
  }

  get tallies() {
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
    // One dial at a time may cost another connection its place.
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

  /** Something is wanted and nobody who is connected has it. */
  get #isStarved(): boolean {
    return this.#parts.isWanting() && ![...this.#peers].some(({ useful }) => useful > 0);
  }

  /** Whether who answered at an address last is connected by another way. An id alone proves nothing: it must be of use. */
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
    this.#greet(peer);
  }

  onHandshake(peer: Peer, handshake: Handshake): void {
    this.#dialling.delete(peer);
    if (toHex(handshake.infohash) === toHex(this.#parts.metainfo.infohash)) this.#admit(peer, handshake);
    else peer.close('answers for another torrent');
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
        if (!peer.queue!.cancel(message)) peer.idle();
        break;
      case 'have':
        this.#onHave(peer, message.index);
        break;
      case 'bitfield':
        this.#onBitfield(peer, message.bits);
        break;
      case 'extension-handshake':
        peer.idle(IDLE_COST_OF_DECODING);
        peer.requestLimit = requestLimitOf(message.payload) ?? peer.requestLimit;
        break;
      case 'choke':
      case 'unchoke':
        this.#onChoke(peer, message.type === 'choke');
        break;
      case 'interested':
      case 'not-interested':
        // Each change may be answered by a choke or unchoke, so each is charged.
        peer.idle();
        peer.interested = message.type === 'interested';
        this.#ports.slotsChanged();
        break;
      default:
        peer.idle();
    }
  }

  #onChoke(peer: Peer, choking: boolean): void {
    const { downloads } = this.#parts;
    peer.idle();
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
      peer.idle();
      return;
    }
    this.#onGain(peer, index);
    this.#afterGain(peer);
  }

  /** Meant to come first, but aria2 also sends one in place of many have messages. */
  #onBitfield(peer: Peer, bits: Uint8Array): void {
    peer.idle(1 + Math.floor(bits.length / IDLE_BITFIELD_BYTES));
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
    if (!have.has(index)) throw broken(`request of piece ${index}, which is not here`);
    // A request that crossed our choke on its way; the peer will ask again.
    if (peer.choked) {
      peer.idle();
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

  /** A piece was verified: loses interest in those who have nothing else, and tells those who may lack it. */
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

  /** Disconnects peers that sent bad bytes, and bans where they came from. */
  ban(origins: readonly string[]): void {
    for (const origin of origins) {
      this.#ports.bans.add(origin, Date.now());
      this.#ports.log.warn({ origin }, 'corrupt data was sent from there: banned for an hour');
      for (const peer of [...this.#peers]) if (peer.origin === origin) peer.close('sent corrupt data');
    }
  }

  /** Asks anew whether each peer is admitted, and closes the connections of those who are not any more; dials the others. */
  review(): void {
    for (const peer of [...this.#peers]) if (!this.#parts.admits(peer.id)) peer.close('not admitted');
    this.#book.forgive();
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
  }

  stop(): void {
    this.#stopped = true;
    this.#haves.stop();
    for (const peer of [...this.#dialling, ...this.#peers]) peer.close('torrent stopped');
  }
}

const broken = (what: string): BitorchError =>
  new BitorchError('WIRE_INVALID', `peer broke the protocol: ${what}`);
