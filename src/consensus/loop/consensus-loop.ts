import { BitorchError, codeOf, equalBytes, Lifecycle, type Logger, messageOf, toHex } from '#base';
import { type Equivocation, offendersOf } from '#ledger';
import type { Application, Timeouts } from '../application/index.ts';
import {
  type Block,
  blockId,
  type Commit,
  commitFrom,
  duplicateVote,
  type Proposal,
  requireCommit,
  secondVote,
  type VerifySignatures,
  type Vote,
} from '../blocks/index.ts';
import type { ChainStore } from '../chain-store/index.ts';
import { partsBoundOf } from '../constants.ts';
import type { Verdict } from '../engine/index.ts';
import { type AccountabilityOptions, areAccountable, TOO_OLD } from '../evidence/accountability.ts';
import { PastVotes } from '../evidence/index.ts';
import { votesIn } from '../evidence/kept-fork.ts';
import type { ConsensusMessage, Status } from '../gossip/index.ts';
import { HeightRecord, type WholeBlock } from '../height-record.ts';
import type { WriteAheadLog } from '../journal/index.ts';
import type { Validator } from '../validator.ts';
import { whenSpace } from './disk.ts';
import { type FinalBlock, finalize } from './finality.ts';
import { HeightRunner } from './height-runner.ts';
import { MessageIntake, requireVote } from './message-intake.ts';
import { ProposalValidator } from './proposal-validator.ts';
import { type Tip, tipOf } from './tip.ts';

export interface ConsensusLoopOptions extends AccountabilityOptions {
  readonly chainId: Uint8Array;
  /** No block is earlier: the genesis' time, milliseconds since epoch; any when absent. */
  readonly begins?: number;
  readonly timeouts: Timeouts;
  /** A proposal's time may be this far from our clock. */
  readonly clockToleranceMs: number;
  /** Of a block's transactions. */
  readonly maxBytes: number;
}

export interface ConsensusLoopDependencies {
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
  readonly relay: (message: ConsensusMessage) => void;
  readonly broadcast: (message: ConsensusMessage) => void;
  /** The height or round has changed. */
  readonly onMove: () => void;
  readonly onFinal: (final: FinalBlock, firstSeen: number | undefined) => Promise<void>;
  readonly onEvidence: (evidence: Equivocation) => void;
  /**
   * Asked after the pause between blocks: how long, in ms, the next one may wait for something to decide; 0, by default, not at
   * all. `rouse` ends it, and so does whoever proposes.
   */
  readonly rest?: () => number;
  /** Has to halt it. */
  readonly onFork: (ours: Commit, theirs: Commit) => void;
}

const MAX_ACCUSED = 10_000;

const stepOf = (
  { height, round, kind }: Pick<Vote, 'height' | 'round' | 'kind'>,
  signer: Uint8Array,
): string => `${height}/${round}/${kind}/${toHex(signer)}`;

/**
 * Decides one block after the other: takes in what peers say, lets the engine think, carries out what it wants. All of it
 * but the judging of proposals happens in one queue, so nothing overtakes a write that has to be durable first.
 */
export class ConsensusLoop {
  readonly #options: ConsensusLoopOptions;
  readonly #deps: ConsensusLoopDependencies;
  readonly #lifecycle = new Lifecycle();
  #queue: Promise<void> = Promise.resolve();
  #tip!: Tip;
  #validator!: ProposalValidator;
  #intake!: MessageIntake;
  #runner!: HeightRunner;
  #last: HeightRecord | undefined;
  readonly #past: PastVotes;
  /** Steps of validators that were accused. */
  readonly #accused = new Set<string>();
  #problem: string | undefined;
  #halted = false;

  constructor(options: ConsensusLoopOptions, dependencies: ConsensusLoopDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    const { store, wal, verify } = dependencies;
    const journalled = (height: number) => votesIn(wal.recordsOf(height));
    this.#past = new PastVotes({ chainId: options.chainId }, { store, verify, journalled });
  }

  /** Takes up the height after the last stored block, where the journal says it was left. */
  async start(): Promise<void> {
    this.#enter();
    const records = await this.#write(() => this.#deps.wal.open(this.#tip.height));
    await this.#runner.resume(records);
    await this.#settle();
  }

  async stop(): Promise<void> {
    await this.#lifecycle.stop();
    this.#runner.stop();
    await this.#queue;
    this.#deps.wal.close();
  }

  get status(): Omit<Status, 'base'> {
    return { height: this.#tip.height, round: this.#runner.round };
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
  book(height: number): HeightRecord | undefined {
    if (height === this.#tip.height) return this.#intake.book;
    return height === this.#last?.height ? this.#last : undefined;
  }

  /** There is something to decide: the next block need not wait any longer. */
  rouse(): void {
    this.#post(this.#tip.height, () => this.#runner.rouse());
  }

  /** Takes in what a peer says. Throws what counts against it: a bad signature, a part that does not belong. */
  receive(message: ConsensusMessage): void {
    if (this.#halted) return;
    const { height } = message.value;
    if (height === this.#tip.height) this.#intake.receive(message);
    else if (message.type === 'vote' && height < this.#tip.height) this.#receivePast(message.value);
  }

  #receivePast(vote: Vote): void {
    const { chainId } = this.#options;
    if (vote.height !== this.#last?.height) {
      const evidence = this.#past.against(vote);
      if (evidence) this.#accuse(evidence, vote);
      return;
    }
    const { validators } = this.#last;
    const signer = validators.at(vote.validator)?.key;
    // Shown once is enough, and to verify it again would cost more than to send it.
    if (signer && this.#accused.has(stepOf(vote, signer))) return;
    const known = MessageIntake.receiveLate(vote, this.#last, chainId, this.#deps.verify);
    // Of a block that was taken over from others the single votes are not here.
    const evidence = known
      ? duplicateVote(known, vote, validators)
      : secondVote(vote, this.#tip.lastCommit!, validators);
    if (!evidence) return;
    if (!known) requireVote(vote, this.#last, chainId, this.#deps.verify);
    this.#accuse(evidence, vote);
  }

  /** Says of an offence that it has come to light, once, and shows the second vote to everybody. */
  #accuse(evidence: Equivocation, second?: Vote): void {
    const fresh = offendersOf(evidence)
      .map((key) => stepOf(evidence, key))
      .filter((name) => !this.#accused.has(name));
    if (fresh.length === 0) return;
    for (const name of fresh) this.#accused.add(name);
    for (const name of this.#accused) {
      if (this.#accused.size <= MAX_ACCUSED) break;
      this.#accused.delete(name);
    }
    if (second) this.#deps.broadcast({ type: 'vote', value: second });
    this.#deps.onEvidence(evidence);
  }

  /**
   * Takes over a block that others have decided. Throws BLOCK_INVALID or COMMIT_INVALID when it does not continue this
   * chain, or is not decided; where it shows that our own state is another one, deciding stops with APP_HASH_DIFFERS.
   */
  adopt(block: Block, commit: Commit): Promise<void> {
    return this.#do(async () => {
      const { tip } = this;
      if (block.header.height !== tip.height) return;
      this.#lookForFork(block);
      requireCommit(commit, tip.chainId, tip.validators, this.#deps.verify);
      if (!equalBytes(blockId(block.header), commit.block))
        throw new BitorchError('COMMIT_INVALID', 'the commit is of another block');
      if (this.#hasDiverged(block)) return;
      this.#validator.requireDecided(block);
      await this.#finish(block, commit).catch((error: unknown) => this.#fail(error));
    });
  }

  /**
   * Two thirds of our validators have decided a block after our last one that does not follow from our state: the fault is
   * here, and whoever sent it has done right.
   */
  #hasDiverged({ header }: Block): boolean {
    const { height, previous, appHash, validators, nextValidators } = this.#tip;
    const follows =
      equalBytes(header.appHash, appHash) &&
      equalBytes(header.validators, validators.hash) &&
      equalBytes(header.nextValidators, nextValidators.hash);
    if (follows || !equalBytes(header.previous, previous)) return false;
    this.#fail(
      new BitorchError(
        'APP_HASH_DIFFERS',
        `the validators have decided block ${height} after another state than this node's, which is damaged or made by another ` +
          'version: move the chain folder away and sync anew; keep last-sign, it guards the validator key',
      ),
    );
    return true;
  }

  /** Two final blocks of one height were seen: nothing that this node does can be right. */
  halt(reason: string): void {
    this.#halted = true;
    this.#problem = reason;
    this.#runner.stop();
    this.#deps.log.error(reason);
    this.#deps.onMove();
  }

  #enter(): void {
    const { store, validator, verify, application, now } = this.#deps;
    this.#tip = tipOf(store, this.#options.chainId, this.#options.begins);
    const { chainId, height, validators } = this.#tip;
    const judging = { application, verify, now };
    this.#validator = new ProposalValidator({ ...this.#options, tip: this.#tip }, judging);
    const book = new HeightRecord(height, validators);
    this.#intake = new MessageIntake(
      { chainId, book, maxParts: partsBoundOf(this.#options.maxBytes) },
      {
        verify,
        relay: this.#deps.relay,
        onDouble: (first, second) => this.#accuse(duplicateVote(first, second, validators), second),
        round: () => this.#runner.round,
        onVote: (vote) => this.#post(height, () => this.#runner.hear({ type: 'vote', vote })),
        onCertificate: (certificate) =>
          this.#post(height, () => this.#runner.hear({ type: 'certificate', certificate })),
        onProposal: (proposal, whole) => void this.#consider(height, proposal, whole),
      },
    );
    this.#runner = new HeightRunner(
      { tip: this.#tip, timeouts: this.#options.timeouts, maxBytes: this.#options.maxBytes },
      {
        ...this.#deps,
        validator,
        book,
        lastBook: this.#last,
        onEvidence: (evidence) => this.#accuse(evidence),
        rest: this.#deps.rest ?? (() => 0),
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
      this.#post(height, () => this.#runner.hear({ type: 'proposal', proposal, verdict }));
    } catch (error) {
      this.#deps.log.error({ height, error: messageOf(error) }, 'a proposal could not be judged');
    }
  }

  async #judged(proposal: Proposal, whole: WholeBlock): Promise<Verdict> {
    const began = performance.now();
    const verdict = await this.#validator.judge(proposal, whole);
    this.#deps.onJudged?.(performance.now() - began);
    return verdict;
  }

  /** Goes on to the next height as often as one is decided. */
  async #settle(): Promise<void> {
    const precommits = this.#runner.decision;
    if (!precommits) return;
    const { book } = this.#intake;
    book.addCertificate(precommits);
    const { chainId, validators } = this.#tip;
    const commit = commitFrom(precommits, chainId, validators);
    await this.#finish(book.block(commit.block)!.block, commit);
  }

  async #finish(block: Block, commit: Commit): Promise<void> {
    this.#runner.stop();
    const { application, store } = this.#deps;
    const final = await finalize(block, commit, { application, store, write: this.#write });
    const { book } = this.#intake;
    this.#last = book;
    this.#enter();
    this.#deps.onMove();
    await this.#deps.onFinal(final, book.firstSeen);
    this.#runner.beginSoon();
  }

  #lookForFork(block: Block): void {
    const theirs = this.#validator.contradiction(block);
    if (!theirs) return;
    const { height, previousTime: time } = this.#tip;
    const last = { height: height - 1, time };
    if (areAccountable(last, this.#deps.now(), this.#options))
      this.#deps.onFork(this.#tip.lastCommit!, theirs);
    else this.#deps.log.warn(last, TOO_OLD);
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
