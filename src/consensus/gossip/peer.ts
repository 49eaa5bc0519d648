import { toHex } from '#base';
import type { FrameStream } from '#network';
import type { Certificate } from '../blocks/certificate.ts';
import type { Vote } from '../blocks/vote.ts';
import { MAX_PARTS, PRECOMMIT, PREVOTE } from '../constants.ts';
import type { HeightBook, RoundBook } from '../height-book.ts';
import { MAX_UNSENT_FRAMES, RESEND_MS } from './constants.ts';
import { encodeMessage, type Have, hasBit, type Message, type Status } from './messages.ts';

/** Votes sent in one go while a peer is brought up to date. */
const VOTES_AT_ONCE = 400;
const PARTS_AT_ONCE = 16;
const CERTIFICATES_AT_ONCE = 4;
/** Transactions remembered as told to a peer, and as told by it. */
const MAX_KNOWN_IDS = 50_000;

/** One node that the chain is gossiped with: what it has, as far as we know, and the stream to it. */
export class ChainPeer {
  readonly id: string;
  readonly #stream: FrameStream;
  readonly #now: () => number;
  readonly #onLost: () => void;
  /** Of the height in `status`: what it has or was sent, and when it was sent; 0 when it said so itself. */
  readonly #has = new Map<string, number>();
  readonly #told = new Set<string>();
  readonly #holds = new Set<string>();
  readonly wanted = new Set<string>();
  #status: Status | undefined;
  #unsent = 0;

  constructor(id: string, dependencies: { stream: FrameStream; now: () => number; onLost: () => void }) {
    this.id = id;
    this.#stream = dependencies.stream;
    this.#now = dependencies.now;
    this.#onLost = dependencies.onLost;
  }

  get status(): Status | undefined {
    return this.#status;
  }

  /** Whether it moved on to another height or round. */
  setStatus(status: Status): boolean {
    const before = this.#status;
    this.#status = status;
    if (before?.height !== status.height) this.#has.clear();
    return before?.height !== status.height || before.round !== status.round;
  }

  /** What it says of a round counts more than what we think: streams are reliable, but it may have had to drop things. */
  setHave(have: Have): void {
    if (have.height !== this.#status?.height) return;
    const { round } = have;
    const set = (name: string, had: boolean) => {
      if (had) this.#has.set(name, 0);
      else if (this.#now() - (this.#has.get(name) ?? 0) > RESEND_MS) this.#has.delete(name);
    };
    set(proposalName(round), have.proposal === 1);
    for (let i = 0; i < MAX_PARTS; i++) set(partName(round, i), hasBit(have.parts, i));
    for (let i = 0; i < 8 * have.prevotes.length; i++)
      set(voteName(round, PREVOTE, i), hasBit(have.prevotes, i));
    for (let i = 0; i < 8 * have.precommits.length; i++)
      set(voteName(round, PRECOMMIT, i), hasBit(have.precommits, i));
    set(certificateName(round, PREVOTE), (have.certificates & 1) !== 0);
    set(certificateName(round, PRECOMMIT), (have.certificates & 2) !== 0);
  }

  /** It sent us this, so it has it. */
  noteHas(message: Message): void {
    const name = nameOf(message);
    if (
      name &&
      message.type !== 'status' &&
      'height' in message.value &&
      message.value.height === this.#status?.height
    )
      this.#has.set(name, 0);
  }

  /** Sends a proposal, part, vote or certificate of the height it works on, unless it has it. */
  give(message: Message): void {
    const name = nameOf(message)!;
    if (this.#has.has(name)) return;
    if (this.send(message)) this.#has.set(name, this.#now());
  }

  /** Sends what it lacks of a height's book: first of its own round, then the rest. */
  bringUpToDate(book: HeightBook): void {
    const status = this.#status!;
    const own = book.round(status.round);
    let left = VOTES_AT_ONCE;
    if (own) {
      this.#giveProposal(book, status.round, own);
      left -= this.#giveVotes(own, left);
    }
    for (const [round, other] of book.rounds()) {
      if (round === status.round) continue;
      // A later round's proposal may be what two thirds decided on.
      if (round > status.round) this.#giveProposal(book, round, other);
      left -= this.#giveVotes(other, left);
    }
  }

  /**
   * Sends the polkas that proposals go back to, and the commit, to a peer that has not come to them by itself: who heard
   * a double voter's other vote first never does.
   */
  prove(book: HeightBook): void {
    let left = CERTIFICATES_AT_ONCE;
    for (const [round, { proposal }] of book.rounds()) {
      const polka = proposal && proposal.validRound >= 0 ? ([[proposal.validRound, PREVOTE]] as const) : [];
      for (const [of, kind] of [[round, PRECOMMIT] as const, ...polka]) {
        if (left === 0) return;
        const proof = this.#has.has(certificateName(of, kind)) ? undefined : book.certificate(of, kind);
        if (!proof) continue;
        left--;
        this.give({ type: 'certificate', value: proof });
      }
    }
  }

  /** Tells once of transactions that wait here, also when it has them: so it knows that we have verified them. */
  offer(ids: readonly Uint8Array[]): void {
    const fresh = ids.filter((id) => !this.#told.has(toHex(id)));
    if (fresh.length === 0 || !this.send({ type: 'offer', value: fresh })) return;
    for (const id of fresh) remember(this.#told, id);
  }

  noteHolds(id: Uint8Array): void {
    remember(this.#holds, id);
  }

  /** Whether it has said that the transaction waits there. */
  holds(id: Uint8Array): boolean {
    return this.#holds.has(toHex(id));
  }

  /** False when it is too far behind in reading; it is told again later. */
  send(message: Message): boolean {
    if (this.#unsent >= MAX_UNSENT_FRAMES) return false;
    this.#unsent++;
    this.#stream.send(encodeMessage(message)).then(
      () => {
        this.#unsent--;
      },
      () => this.#onLost(),
    );
    return true;
  }

  close(): void {
    this.#stream.abort();
  }

  #giveProposal(book: HeightBook, round: number, { proposal }: RoundBook): void {
    if (!proposal) return;
    this.give({ type: 'proposal', value: proposal });
    const parts = book.partsOf(round)!;
    let left = PARTS_AT_ONCE;
    for (let i = 0; i < parts.header.total && left > 0; i++) {
      const part = parts.get(i);
      if (!part || this.#has.has(partName(round, i))) continue;
      left--;
      this.give({ type: 'part', value: { height: book.height, round, part } });
    }
  }

  #giveVotes({ prevotes, precommits }: RoundBook, most: number): number {
    let given = 0;
    for (const votes of [precommits, prevotes]) {
      for (const vote of votes.values()) {
        if (given >= most) return given;
        if (this.#has.has(nameOfVote(vote))) continue;
        given++;
        this.give({ type: 'vote', value: vote });
      }
    }
    return given;
  }
}

function remember(ids: Set<string>, id: Uint8Array): void {
  ids.add(toHex(id));
  if (ids.size > MAX_KNOWN_IDS) ids.delete(ids.values().next().value!);
}

const proposalName = (round: number): string => `${round}/proposal`;
const partName = (round: number, index: number): string => `${round}/part/${index}`;
const voteName = (round: number, kind: number, validator: number): string => `${round}/${kind}/${validator}`;
const certificateName = (round: number, kind: Certificate['kind']): string => `${round}/${kind}/certificate`;
const nameOfVote = ({ round, kind, validator }: Vote): string => voteName(round, kind, validator);

function nameOf(message: Message): string | undefined {
  if (message.type === 'vote') return nameOfVote(message.value);
  if (message.type === 'certificate') return certificateName(message.value.round, message.value.kind);
  if (message.type === 'proposal') return proposalName(message.value.round);
  if (message.type === 'part') return partName(message.value.round, message.value.part.index);
  return undefined;
}
