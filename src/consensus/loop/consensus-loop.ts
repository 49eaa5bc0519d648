import { BitorchError, codeOf, equalBytes, Lifecycle, type Logger, Mutex, messageOf } from '#base';
import type { Equivocation } from '#ledger';
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
import type { ChainStore, Decided } from '../chain-store.ts';
import { partsBoundOf } from '../constants.ts';
import type { Verdict } from '../engine/index.ts';
import {
  type AccountabilityOptions,
  AccusedSteps,
  areAccountable,
  firstVotes,
  PastVotes,
  TOO_OLD,
  votesIn,
} from '../evidence/index.ts';
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
  /** Genesis time, in ms since epoch: no block is earlier. No limit when absent. */
  readonly begins?: number;
  readonly timeouts: Timeouts;
  /** Largest difference accepted between a proposal's time and our clock, in ms. */
  readonly clockToleranceMs: number;
  /** Limit on the bytes of a block's transactions. */
  readonly maxBytes: number;
  /** See `PastVotesOptions`. */
  readonly evidenceBlocks?: number;
}

export interface ConsensusLoopDependencies {
  readonly application: Application;
  readonly store: ChainStore;
  readonly wal: WriteAheadLog;
  /** Absent on a node that only follows. */
  readonly validator: Validator | undefined;
  readonly verify: VerifySignatures;
  /** This node's clock, in ms since epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Makes the filter that selects waiting transactions for one block of ours, see `PrepareProposalRequest`. */
  readonly picker?: () => (transaction: Uint8Array) => boolean;
  /** Reports how long it took to verify another proposer's block, in ms. */
  readonly onVerified?: (ms: number) => void;
  readonly relay: (message: ConsensusMessage) => void;
  readonly broadcast: (message: ConsensusMessage) => void;
  /** The height or round has changed. */
  readonly onMove: () => void;
  readonly onFinal: (final: FinalBlock, firstSeen: number | undefined) => Promise<void>;
  readonly onEvidence: (evidence: Equivocation) => void;
  /**
   * Called after the pause between blocks: how long, in ms, the next block may wait for something to decide; 0, the
   * default: not at all. `wake` ends the wait, and so does any proposal.
   */
  readonly rest?: () => number;
  /** Must halt the loop. */
  readonly onFork: (ours: Commit, theirs: Commit) => void;
}

/**
 * Decides one block after the other: takes messages of peers, feeds the engine and executes its effects. Everything
 * but the verification of proposals runs in one queue, so nothing overtakes a write that must be durable first.
 */
export class ConsensusLoop {
  readonly #options: ConsensusLoopOptions;
  readonly #deps: ConsensusLoopDependencies;
  readonly #lifecycle = new Lifecycle();
  readonly #queue = new Mutex();
  #tip!: Tip;
  #validator!: ProposalValidator;
  #intake!: MessageIntake;
  #runner!: HeightRunner;
  #last: HeightRecord | undefined;
  readonly #past: PastVotes;
  readonly #accused = new AccusedSteps();
  #problem: string | undefined;
  #halted = false;

  constructor(options: ConsensusLoopOptions, dependencies: ConsensusLoopDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    const { store, verify } = dependencies;
    const isAccused = (vote: Vote, signer: Uint8Array) => this.#accused.has(vote, signer);
    this.#past = new PastVotes(options, { store, verify, isAccused });
  }

  /** Resumes the height after the last stored block where its journal ends. */
  async start(): Promise<void> {
    this.#last = this.#journalledLast();
    this.#enter();
    const records = await this.#write(() => this.#deps.wal.open(this.#tip.height));
    await this.#runner.resume(records);
    await this.#settle();
  }

  async stop(): Promise<void> {
    await this.#lifecycle.stop();
    this.#runner.stop();
    await this.#queue.idle();
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

  /** True after a fork or an error of the program: nothing is decided any more. */
  get halted(): boolean {
    return this.#halted;
  }

  /** What was collected at the current height or the one before. */
  record(height: number): HeightRecord | undefined {
    if (height === this.#tip.height) return this.#intake.record;
    return height === this.#last?.height ? this.#last : undefined;
  }

  /** There is something to decide: ends the wait for the next block. */
  wake(): void {
    this.#post(this.#tip.height, () => this.#runner.wake());
  }

  /**
   * Processes a peer's message. Throws BLOCK_INVALID, COMMIT_INVALID or PROOF_INVALID when the sender is at fault.
   */
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
    // Shown once is enough; verifying it again costs more than sending it.
    if (signer && this.#accused.has(vote, signer)) return;
    const known = MessageIntake.receiveLate(vote, this.#last, chainId, this.#deps.verify);
    // The single votes for a block taken over from peers are not available.
    const evidence = known
      ? duplicateVote(known, vote, validators)
      : secondVote(vote, this.#tip.lastCommit!, validators);
    if (!evidence) return;
    if (!known) requireVote(vote, this.#last, chainId, this.#deps.verify);
    this.#accuse(evidence, vote);
  }

  /** Reports an offence once, and broadcasts the second vote. */
  #accuse(evidence: Equivocation, second?: Vote): void {
    if (!this.#accused.add(evidence)) return;
    if (second) this.#deps.broadcast({ type: 'vote', value: second });
    this.#deps.onEvidence(evidence);
  }

  /**
   * Takes over a block that others have decided. Throws BLOCK_INVALID or COMMIT_INVALID when it does not continue
   * this chain or is not decided; halts with APP_HASH_DIFFERS when it shows that our own state is wrong.
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
   * Our validators have decided the next block, but it does not follow from our state: the fault is on this node,
   * not with the sender.
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
        `the validators decided block ${height} on another state than this node's, which is damaged or was made by another ` +
          'version: move the chain folder away and sync again, but keep last-sign, which guards the validator key',
      ),
    );
    return true;
  }

  /** Stops for good, for example after two final blocks of one height: nothing that this node could do is right. */
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
    const checking = { application, verify, now };
    this.#validator = new ProposalValidator({ ...this.#options, tip: this.#tip }, checking);
    const record = new HeightRecord(height, validators);
    this.#intake = new MessageIntake(
      { chainId, record, maxParts: partsBoundOf(this.#options.maxBytes) },
      {
        verify,
        relay: this.#deps.relay,
        onDouble: (first, second) => this.#accuse(duplicateVote(first, second, validators), second),
        round: () => this.#runner.round,
        onVote: (vote) => this.#post(height, () => this.#runner.receive({ type: 'vote', vote })),
        onCertificate: (certificate) =>
          this.#post(height, () => this.#runner.receive({ type: 'certificate', certificate })),
        onProposal: (proposal, whole) => void this.#verifyProposal(height, proposal, whole),
      },
    );
    this.#runner = new HeightRunner(
      { tip: this.#tip, timeouts: this.#options.timeouts, maxBytes: this.#options.maxBytes },
      {
        ...this.#deps,
        validator,
        record,
        lastRecord: this.#last,
        onEvidence: (evidence) => this.#accuse(evidence),
        rest: this.#deps.rest ?? (() => 0),
        write: this.#write,
        later: (ms, job) => this.#later(ms, height, job),
      },
    );
  }

  /**
   * Verifies a proposal outside the queue: votes and timeouts continue however long that takes. A proposal that
   * cannot be verified for lack of a thread or the disk is not voted for.
   */
  async #verifyProposal(height: number, proposal: Proposal, whole: WholeBlock | undefined): Promise<void> {
    if (whole) this.#post(height, async () => this.#lookForFork(whole.block));
    try {
      const verdict = whole ? await this.#verify(proposal, whole) : 'invalid';
      this.#post(height, () => this.#runner.receive({ type: 'proposal', proposal, verdict }));
    } catch (error) {
      this.#deps.log.error({ height, error: messageOf(error) }, 'cannot verify a proposal');
    }
  }

  async #verify(proposal: Proposal, whole: WholeBlock): Promise<Verdict> {
    const began = performance.now();
    const verdict = await this.#validator.check(proposal, whole);
    this.#deps.onVerified?.(performance.now() - began);
    return verdict;
  }

  /** Advances to the next height as long as the current one is decided. */
  async #settle(): Promise<void> {
    const precommits = this.#runner.decision;
    if (!precommits) return;
    const { record } = this.#intake;
    record.addCertificate(precommits);
    const { chainId, validators } = this.#tip;
    const commit = commitFrom(precommits, chainId, validators);
    await this.#finish(record.block(commit.block)!.block, commit);
  }

  async #finish(block: Block, commit: Commit): Promise<void> {
    this.#runner.stop();
    const { application, store } = this.#deps;
    const decided = { block, commit, ...this.#votesToArchive(block) };
    const final = await finalize(decided, { application, store, write: this.#write });
    const { record } = this.#intake;
    this.#last = record;
    this.#enter();
    this.#deps.onMove();
    await this.#deps.onFinal(final, record.firstSeen);
    this.#runner.beginSoon();
  }

  /** First votes of the height before a block, written with it: a second vote may be shown much later. */
  #votesToArchive({ header, lastCommit }: Block): Pick<Decided, 'votesBefore' | 'votesFrom'> {
    const votesBefore = this.#last ? firstVotes(this.#last, lastCommit, this.#options.chainId) : [];
    return { votesBefore, votesFrom: this.#past.firstHeight(header.height + 1) };
  }

  /** The votes of the last block's height after a restart: they are archived with the next block only. */
  #journalledLast(): HeightRecord | undefined {
    const { store, wal, log } = this.#deps;
    const { height } = store;
    const validators = store.validators(height);
    if (!validators) return undefined;
    const record = new HeightRecord(height, validators);
    try {
      for (const vote of votesIn(wal.recordsOf(height))) record.addVote(vote);
    } catch (error) {
      log.warn({ height, error: messageOf(error) }, 'cannot read the votes of the last height');
    }
    return record;
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
        this.#problem = `the disk is full, so nothing is signed or decided: ${messageOf(error)}`;
      },
      onSpace: () => {
        this.#problem = undefined;
        this.#deps.log.warn('disk space is available again: continuing');
      },
    });

  #later(ms: number, height: number, job: () => Promise<void>): () => void {
    const timer = setTimeout(() => this.#post(height, job), ms);
    return () => clearTimeout(timer);
  }

  /** Queues a job of a height; it is dropped if the height is over by then. */
  #post(height: number, job: () => Promise<void>): void {
    this.#do(async () => {
      if (height === this.#tip.height) await job();
    }).catch((error: unknown) => this.#fail(error));
  }

  #do(job: () => Promise<void>): Promise<void> {
    const { signal } = this.#lifecycle;
    return this.#queue.run(async () => {
      if (signal.aborted || this.#halted) return;
      await job();
      await this.#settle();
    });
  }

  #fail(error: unknown): void {
    if (this.#lifecycle.signal.aborted) return;
    this.halt(`the chain stopped after an error (${codeOf(error)}): ${messageOf(error)}`);
  }
}
