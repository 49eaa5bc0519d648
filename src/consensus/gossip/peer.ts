import { dropOldest, toHex } from '#base';
import type { FrameStream } from '#network';
import type { Certificate, PartsHeader, Proposal } from '../blocks/index.ts';
import { MAX_PARTS, PRECOMMIT, PREVOTE } from '../constants.ts';
import type { HeightRecord, RoundRecord } from '../height-record.ts';
import { isNear, MAX_UNSENT_BYTES } from './constants.ts';
import { COMMIT, KnownItems, KnownRound, POLKA, PROPOSAL, recall } from './known.ts';
import { type ConsensusMessage, encodeMessage, type Have, type Message, type Status } from './messages.ts';

/** Most votes sent at once to a peer that catches up. */
const VOTES_AT_ONCE = 400;
const PARTS_AT_ONCE = 16;
const CERTIFICATES_AT_ONCE = 4;
/** Transaction ids remembered as offered to a peer, and as offered by it. */
const MAX_KNOWN_IDS = 20_000;
/** Rounds and blocks per peer whose items are tracked. */
const MAX_KNOWN_ROUNDS = 64;
const MAX_KNOWN_BLOCKS = 64;
/**
 * Least time that a tracked block is kept, whatever else the peer reports, so that parts are not sent again sooner.
 */
const KNOWN_BLOCK_MS = 10_000;

export interface ChainPeerDependencies {
  readonly stream: FrameStream;
  /** Monotonic clock, in ms. */
  readonly now: () => number;
  readonly onLost: () => void;
  /** Whether it is one of this node's configured contacts. */
  readonly isContact?: boolean;
}

/** One peer of the gossip: what it has, as far as we know, and the stream to it. */
export class ChainPeer {
  readonly id: string;
  readonly isContact: boolean;
  readonly #stream: FrameStream;
  readonly #now: () => number;
  readonly #onLost: () => void;
  /** Rounds of the height in `status`. */
  readonly #rounds = new Map<number, KnownRound>();
  /** Parts by block, for the blocks whose proposal it has. */
  readonly #parts = new Map<string, { readonly items: KnownItems; readonly since: number }>();
  /** Ids of transactions offered to it; true while it may still request them, once each. */
  readonly #offered = new Map<string, boolean>();
  readonly #holds = new Set<string>();
  /** Ids of transactions that it offered and nobody has delivered yet. */
  readonly wanted = new Set<string>();
  readonly cameAt: number;
  /** When it last sent something new, or connected. */
  usefulAt: number;
  #status: Status | undefined;
  #unsent = 0;

  constructor(id: string, dependencies: ChainPeerDependencies) {
    this.id = id;
    this.isContact = dependencies.isContact ?? false;
    this.#stream = dependencies.stream;
    this.#now = dependencies.now;
    this.#onLost = dependencies.onLost;
    this.cameAt = dependencies.now();
    this.usefulAt = this.cameAt;
  }

  get status(): Status | undefined {
    return this.#status;
  }

  /**
   * Returns whether it moved to another height or round. A lower height is ignored: everything would be sent to it
   * again.
   */
  setStatus(status: Status): boolean {
    const before = this.#status;
    if (before && status.height < before.height) return false;
    this.#status = status;
    if (before?.height !== status.height) {
      this.#rounds.clear();
      this.#parts.clear();
    }
    return before?.height !== status.height || before.round !== status.round;
  }

  setHave(have: Have): void {
    if (have.height !== this.#status?.height) return;
    const now = this.#now();
    const { prevotes, precommits, others } = this.#round(have.round);
    prevotes.said(have.prevotes, now);
    precommits.said(have.precommits, now);
    const [header] = have.proposal;
    others.said(Uint8Array.of((header ? 1 << PROPOSAL : 0) | (have.certificates << POLKA)), now);
    if (header) this.#partsOf(header)?.said(have.parts, now);
  }

  /** The peer sent this, so it has it. */
  noteHas(message: Message): void {
    if (!isOfHeight(message) || message.value.height !== this.#status?.height) return;
    if (message.type === 'proposal') this.#partsOf(headerOf(message.value));
    const [items, index] = this.#placeOf(message);
    items?.note(index);
  }

  /** Sends a proposal, part, vote or certificate of the peer's height, unless the peer has it or cannot use it. */
  give(message: ConsensusMessage): void {
    const [items, index] = this.#placeOf(message);
    if (!items || items.has(index) || !this.send(message)) return;
    items.noteSent(index, this.#now());
    if (message.type === 'proposal') this.#partsOf(headerOf(message.value));
  }

  /** Sends what the peer lacks of a height, in rounds near ours: its own round first. */
  bringUpToDate(record: HeightRecord, ours: number): void {
    const status = this.#status!;
    const own = record.round(status.round);
    let left = VOTES_AT_ONCE;
    if (own) {
      this.#giveProposal(record, own);
      left -= this.#giveVotes(own, left);
    }
    for (const [round, other] of record.rounds()) {
      if (round === status.round || !isNear(round, ours)) continue;
      // The proposal of a later round may be the decided one.
      if (round > status.round) this.#giveProposal(record, other);
      left -= this.#giveVotes(other, left);
    }
  }

  /**
   * Sends the polkas that proposals refer to, and the commit, to a peer that has not reached them by itself: one
   * that received an equivocator's other vote first never does.
   */
  prove(record: HeightRecord, ours: number): void {
    let left = CERTIFICATES_AT_ONCE;
    for (const [round, { proposal }] of record.rounds()) {
      if (!isNear(round, ours)) continue;
      const polka = proposal && proposal.validRound >= 0 ? ([[proposal.validRound, PREVOTE]] as const) : [];
      for (const [of, kind] of [[round, PRECOMMIT] as const, ...polka]) {
        if (left === 0) return;
        const known = this.#round(of).others.has(certificateBit(kind));
        const proof = known ? undefined : record.certificate(of, kind);
        if (!proof) continue;
        left--;
        this.give({ type: 'certificate', value: proof });
      }
    }
  }

  /** Offers transactions of our pool once, even if the peer has them: it learns that we have verified them. */
  offer(ids: readonly Uint8Array[]): void {
    const fresh = ids.filter((id) => !this.#offered.has(toHex(id)));
    if (fresh.length === 0 || !this.send({ type: 'offer', value: fresh })) return;
    for (const id of fresh) this.#offered.set(toHex(id), true);
    dropOldest(this.#offered, MAX_KNOWN_IDS);
  }

  /** Whether it may have the transaction: it was offered, and this is the first request. */
  mayHave(id: Uint8Array): boolean {
    const name = toHex(id);
    const may = this.#offered.get(name) === true;
    if (may) this.#offered.set(name, false);
    return may;
  }

  noteHolds(id: Uint8Array): void {
    this.#holds.add(toHex(id));
    dropOldest(this.#holds, MAX_KNOWN_IDS);
  }

  /** Whether it has reported that the transaction is in its pool. */
  holds(id: Uint8Array): boolean {
    return this.#holds.has(toHex(id));
  }

  noteUseful(): void {
    this.usefulAt = this.#now();
  }

  /** False when the peer reads too slowly; it is told again later. */
  send(message: Message): boolean {
    if (this.#unsent >= MAX_UNSENT_BYTES) return false;
    void this.post(message);
    return true;
  }

  /** Sends whatever the backlog; resolves when the stream can take more. */
  async post(message: Message): Promise<void> {
    const frame = encodeMessage(message);
    const cost = frame.length + FRAME_OVERHEAD;
    this.#unsent += cost;
    try {
      await this.#stream.send(frame);
    } catch {
      this.#onLost();
    } finally {
      this.#unsent -= cost;
    }
  }

  close(): void {
    this.#stream.abort();
  }

  #round(round: number): KnownRound {
    return recall(this.#rounds, round, () => new KnownRound(), MAX_KNOWN_ROUNDS);
  }

  /** Undefined while too many other blocks are tracked. */
  #partsOf(header: PartsHeader): KnownItems | undefined {
    const [name, now] = [nameOf(header), this.#now()];
    const known = this.#parts.get(name);
    if (known) return known.items;
    const [oldest] = this.#parts;
    if (oldest && this.#parts.size >= MAX_KNOWN_BLOCKS) {
      if (now - oldest[1].since < KNOWN_BLOCK_MS) return undefined;
      this.#parts.delete(oldest[0]);
    }
    const items = new KnownItems(MAX_PARTS);
    this.#parts.set(name, { items, since: now });
    return items;
  }

  /**
   * The bitmap and index that record whether the peer has this; no bitmap for a part of a block whose proposal it
   * lacks.
   */
  #placeOf(message: ConsensusMessage): readonly [items: KnownItems | undefined, index: number] {
    if (message.type === 'part')
      return [this.#parts.get(nameOf(message.value))?.items, message.value.part.index];
    const { prevotes, precommits, others } = this.#round(message.value.round);
    if (message.type === 'proposal') return [others, PROPOSAL];
    const { kind } = message.value;
    if (message.type === 'certificate') return [others, certificateBit(kind)];
    return [kind === PREVOTE ? prevotes : precommits, message.value.validator];
  }

  #giveProposal(record: HeightRecord, { proposal }: RoundRecord): void {
    if (!proposal) return;
    this.give({ type: 'proposal', value: proposal });
    const known = this.#parts.get(nameOf(headerOf(proposal)))?.items;
    const set = record.parts(headerOf(proposal));
    if (!known || !set) return;
    let left = PARTS_AT_ONCE;
    for (let i = 0; i < set.header.total && left > 0; i++) {
      const part = set.get(i);
      if (!part || known.has(i)) continue;
      left--;
      this.give({ type: 'part', value: { height: record.height, ...set.header, part } });
    }
  }

  #giveVotes({ prevotes, precommits }: RoundRecord, most: number): number {
    let given = 0;
    for (const votes of [precommits, prevotes]) {
      for (const vote of votes.values()) {
        if (given >= most) return given;
        const [items, index] = this.#placeOf({ type: 'vote', value: vote });
        if (items!.has(index)) continue;
        given++;
        this.give({ type: 'vote', value: vote });
      }
    }
    return given;
  }
}

/** Memory cost of an unsent frame beside its bytes. */
const FRAME_OVERHEAD = 256;

const isOfHeight = (message: Message): message is ConsensusMessage =>
  ['proposal', 'part', 'vote', 'certificate'].includes(message.type);

const certificateBit = (kind: Certificate['kind']): number => (kind === PREVOTE ? POLKA : COMMIT);
const headerOf = ({ partsRoot, parts }: Proposal): PartsHeader => ({ root: partsRoot, total: parts });
const nameOf = ({ root, total }: PartsHeader): string => `${toHex(root)}/${total}`;
