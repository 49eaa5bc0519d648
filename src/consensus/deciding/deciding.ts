import { BitorchError, codeOf, Lifecycle, type Logger, messageOf } from '#base';
import type { AccountabilityOptions } from '../accountability.ts';
import type { Application } from '../application/index.ts';
import {
  type Block,
  blockId,
  type Commit,
  type DuplicateVote,
  type Proposal,
  requireCommit,
  type VerifySignatures,
} from '../blocks/index.ts';
import type { ChainStore } from '../chain-store/index.ts';
import { PRECOMMIT } from '../constants.ts';
import type { Verdict } from '../engine/index.ts';
import type { Deliberation, Status } from '../gossip/index.ts';
import { HeightBook, type WholeBlock } from '../height-book.ts';
import type { WriteAheadLog } from '../journal/index.ts';
import type { Validator } from '../validator.ts';
import { Council } from './council.ts';
import { whenSpace } from './disk.ts';
import { type FinalBlock, finalize } from './finality.ts';
import { Judge } from './judge.ts';
import type { Pace } from './pace.ts';
import { Reception } from './reception.ts';
import { type Tip, tipOf } from './tip.ts';

export interface DecidingOptions extends AccountabilityOptions {
  readonly chainId: Uint8Array;
  readonly pace: Pace;
  /** A proposal's time may be this far from our clock. */
  readonly clockToleranceMs: number;
  /** Of a block's transactions. */
  readonly maxBytes: number;
}

export interface DecidingDependencies {
  readonly application: Application;
  readonly store: ChainStore;
  readonly wal: WriteAheadLog;
  /** Absent on a node that only follows. */
  readonly validator: Validator | undefined;
  readonly verify: VerifySignatures;
  /** Milliseconds since epoch by this node's clock. */
  readonly now: () => number;
  readonly log: Logger;
  /** For each block of ours says which of the waiting transactions are to go in, see `PrepareProposalRequest`. */
  readonly picker?: () => (transaction: Uint8Array) => boolean;
  /** How long it took to judge the block of somebody else. */
  readonly onJudged?: (ms: number) => void;
  readonly spread: (message: Deliberation) => void;
  readonly shout: (message: Deliberation) => void;
  /** The height or round has changed. */
  readonly onMove: () => void;
  readonly onFinal: (final: FinalBlock, firstSeen: number | undefined) => Promise<void>;
  readonly onEvidence: (evidence: DuplicateVote) => void;
  /** Has to halt it. */
  readonly onFork: (ours: Commit, theirs: Commit) => void;
}

/**
 * Decides one block after the other: takes in what peers say, lets the engine think, carries out what it wants. All of it
 * but the judging of proposals happens in one queue, so nothing overtakes a write that has to be durable first.
 */
export class Deciding {
  readonly #options: DecidingOptions;
  readonly #deps: DecidingDependencies;
  readonly #lifecycle = new Lifecycle();
  #queue: Promise<void> = Promise.resolve();
  #tip!: Tip;
  #judge!: Judge;
  #reception!: Reception;
  #council!: Council;
  #last: HeightBook | undefined;
  #problem: string | undefined;
  #halted = false;

  constructor(options: DecidingOptions, dependencies: DecidingDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  /** Takes up the height after the last stored block, where the journal says it was left. */
  async start(): Promise<void> {
    this.#enter();
    const records = await this.#write(() => this.#deps.wal.open(this.#tip.height));
    await this.#council.resume(records);
    await this.#settle();
  }

  async stop(): Promise<void> {
    await this.#lifecycle.stop();
    this.#council.stop();
    await this.#queue;
    this.#deps.wal.close();
  }

  get status(): Omit<Status, 'base'> {
    return { height: this.#tip.height, round: this.#council.round };
  }

  get tip(): Tip {
    return this.#tip;
  }

  /** Why nothing is decided or signed, and what to do about it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** After a fork, or an error of the program: nothing is decided any more. */
  get halted(): boolean {
    return this.#halted;
  }

  /** What was gathered of the current height or the one before. */
  book(height: number): HeightBook | undefined {
    if (height === this.#tip.height) return this.#reception.book;
    return height === this.#last?.height ? this.#last : undefined;
  }

  /** Takes in what a peer says. Throws what counts against it: a bad signature, a part that does not belong. */
  receive(message: Deliberation): void {
    if (this.#halted) return;
    const { height } = message.value;
    if (height === this.#tip.height) this.#reception.receive(message);
    else if (message.type === 'vote' && height === this.#last?.height)
      Reception.receiveLate(message.value, this.#last, this.#options.chainId, this.#deps.verify);
  }

  /**
   * Takes over a block that others have decided. Throws BLOCK_INVALID or COMMIT_INVALID when it does not continue this
   * chain, or is not decided.
   */
  adopt(block: Block, commit: Commit): Promise<void> {
    return this.#do(async () => {
      const { tip } = this;
      if (block.header.height !== tip.height) return;
      this.#lookForFork(block);
      this.#judge.requireDecided(block);
      requireCommit(commit, tip.chainId, tip.validators, this.#deps.verify);
      if (Buffer.compare(blockId(block.header), commit.block) !== 0)
        throw new BitorchError('COMMIT_INVALID', 'the commit is of another block');
      await this.#finish(block, commit).catch((error: unknown) => this.#fail(error));
    });
  }

  /** Two final blocks of one height were seen: nothing that this node does can be right. */
  halt(reason: string): void {
    this.#halted = true;
    this.#problem = reason;
    this.#council.stop();
    this.#deps.log.error(reason);
    this.#deps.onMove();
  }

  #enter(): void {
    const { store, validator, verify, application, now } = this.#deps;
    this.#tip = tipOf(store, this.#options.chainId);
    const { chainId, height, validators } = this.#tip;
    const judging = { application, verify, now };
    this.#judge = new Judge({ ...this.#options, tip: this.#tip }, judging);
    const book = new HeightBook(height, validators);
    this.#reception = new Reception(
      { chainId, book },
      {
        verify,
        spread: this.#deps.spread,
        shout: this.#deps.shout,
        round: () => this.#council.round,
        onVote: (vote) => this.#post(height, () => this.#council.hear({ type: 'vote', vote })),
        onCertificate: (certificate) =>
          this.#post(height, () => this.#council.hear({ type: 'certificate', certificate })),
        onProposal: (proposal, whole) => void this.#consider(height, proposal, whole),
      },
    );
    this.#council = new Council(
      { tip: this.#tip, pace: this.#options.pace, maxBytes: this.#options.maxBytes },
      {
        ...this.#deps,
        validator,
        book,
        lastBook: this.#last,
        write: this.#write,
        later: (ms, job) => this.#later(ms, height, job),
      },
    );
  }

  /**
   * Judges a proposal beside the queue: however long its block takes to verify, votes and timeouts go on meanwhile. What
   * cannot be judged, for want of a thread or of the disk, is not voted for.
   */
  async #consider(height: number, proposal: Proposal, whole: WholeBlock | undefined): Promise<void> {
    if (whole) this.#post(height, async () => this.#lookForFork(whole.block));
    try {
      const verdict = whole ? await this.#judged(proposal, whole) : 'invalid';
      this.#post(height, () => this.#council.hear({ type: 'proposal', proposal, verdict }));
    } catch (error) {
      this.#deps.log.error({ height, error: messageOf(error) }, 'a proposal could not be judged');
    }
  }

  async #judged(proposal: Proposal, whole: WholeBlock): Promise<Verdict> {
    const began = performance.now();
    const verdict = await this.#judge.judge(proposal, whole);
    this.#deps.onJudged?.(performance.now() - began);
    return verdict;
  }

  /** Goes on to the next height as often as one is decided. */
  async #settle(): Promise<void> {
    const commit = this.#council.decision;
    if (!commit) return;
    await this.#finish(this.#reception.book.block(commit.block)!.block, commit);
  }

  async #finish(block: Block, commit: Commit): Promise<void> {
    this.#council.stop();
    const { application, store } = this.#deps;
    const final = await finalize(block, commit, { application, store, write: this.#write });
    const { book } = this.#reception;
    book.addCertificate({ ...commit, kind: PRECOMMIT });
    this.#last = book;
    this.#enter();
    this.#deps.onMove();
    await this.#deps.onFinal(final, book.firstSeen);
    this.#council.beginSoon();
  }

  #lookForFork(block: Block): void {
    const theirs = this.#judge.contradiction(block);
    if (theirs) this.#deps.onFork(this.#tip.lastCommit!, theirs);
  }

  readonly #write = <T>(write: () => T | Promise<T>): Promise<T> =>
    whenSpace(write, {
      signal: this.#lifecycle.signal,
      onFull: (error) => {
        if (this.#problem === undefined) this.#deps.log.error(messageOf(error));
        this.#problem = `no space on the disk, so nothing is signed or decided: ${messageOf(error)}`;
      },
      onSpace: () => {
        this.#problem = undefined;
        this.#deps.log.warn('there is space on the disk again: going on');
      },
    });

  #later(ms: number, height: number, job: () => Promise<void>): () => void {
    const timer = setTimeout(() => this.#post(height, job), ms);
    return () => clearTimeout(timer);
  }

  /** Queues what concerns a height; by the time its turn comes the height may be over. */
  #post(height: number, job: () => Promise<void>): void {
    this.#do(async () => {
      if (height === this.#tip.height) await job();
    }).catch((error: unknown) => this.#fail(error));
  }

  #do(job: () => Promise<void>): Promise<void> {
    const { signal } = this.#lifecycle;
    const done = this.#queue.then(async () => {
      if (signal.aborted || this.#halted) return;
      await job();
      await this.#settle();
    });
    this.#queue = done.catch(() => undefined);
    return done;
  }

  #fail(error: unknown): void {
    if (this.#lifecycle.signal.aborted) return;
    this.halt(`the chain stopped on an error (${codeOf(error)}): ${messageOf(error)}`);
  }
}
