import { BitorchError, codeOf, type Logger, messageOf, toHex } from '#base';
import type { Equivocation } from '#ledger';
import type { Application, Timeouts } from '../application/index.ts';
import {
  type Ballot,
  type Certificate,
  type Commit,
  certificateOf,
  commitFrom,
  encodeBlock,
  makeBlock,
  partsOf,
} from '../blocks/index.ts';
import {
  durationOf,
  type Effect,
  type EngineState,
  type Input,
  newHeight,
  outstanding,
  settingOf,
  step,
} from '../engine/index.ts';
import type { ConsensusMessage } from '../gossip/index.ts';
import type { HeightRecord } from '../height-record.ts';
import { decodeRecord, encodeRecord, type JournalRecord, type WriteAheadLog } from '../journal/index.ts';
import type { Validator } from '../validator.ts';
import { wholeBlockOf } from './message-intake.ts';
import type { Tip } from './tip.ts';

export interface HeightRunnerOptions {
  readonly tip: Tip;
  readonly timeouts: Timeouts;
  readonly maxBytes: number;
}

export interface HeightRunnerDependencies {
  readonly application: Application;
  readonly wal: WriteAheadLog;
  readonly validator: Validator | undefined;
  readonly book: HeightRecord;
  /** Of the height before, whose precommits go into the block that is proposed. */
  readonly lastBook: HeightRecord | undefined;
  readonly log: Logger;
  readonly now: () => number;
  readonly picker?: () => (transaction: Uint8Array) => boolean;
  /** Does a write, again while the disk is full. */
  readonly write: <T>(write: () => T | Promise<T>) => Promise<T>;
  /** Queues a job of this height after a time; the result takes it back. */
  readonly later: (ms: number, job: () => Promise<void>) => () => void;
  readonly relay: (message: ConsensusMessage) => void;
  readonly onMove: () => void;
  readonly onEvidence: (evidence: Equivocation) => void;
  /** How long, in ms, the next block may wait while there is nothing to decide; 0: not at all. */
  readonly rest: () => number;
}

/** The longest that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One height of the engine with hands: logs what it is told, carries out what it wants. Calls to it come one at a time. */
export class HeightRunner {
  readonly #options: HeightRunnerOptions;
  readonly #deps: HeightRunnerDependencies;
  #state: EngineState;
  #begun = false;
  /** After the pause between blocks, with nothing to decide. */
  #resting = false;
  #decision: Certificate | undefined;
  /** What came before the height began, or while another input is worked on. */
  readonly #inputs: Input[] = [];
  #working = false;
  /** Blocks that are in the journal. */
  readonly #logged = new Set<string>();
  readonly #timers = new Set<() => void>();

  constructor(options: HeightRunnerOptions, dependencies: HeightRunnerDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    const { height, validators } = options.tip;
    this.#state = newHeight(settingOf(height, validators, dependencies.validator?.publicKey));
  }

  get round(): number {
    return Math.max(0, this.#state.driver.round.round);
  }

  /** The precommits that decided the height, once that has happened. */
  get decision(): Certificate | undefined {
    return this.#decision;
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** Begins after the pause between blocks, a longer one when nothing waits, or as soon as somebody else has. */
  beginSoon(): void {
    this.#later(0, () => this.#openJournal());
    this.#beginAfter(this.#options.timeouts.commit);
  }

  /** Not before a block may be made: until the network begins, that can be long. */
  #beginAfter(pauseMs: number): void {
    const wait = Math.max(pauseMs, this.#options.tip.previousTime + 1 - this.#deps.now());
    this.#later(Math.min(wait, MAX_TIMER_MS), async () => {
      if (wait > MAX_TIMER_MS) return this.#beginAfter(0);
      const rest = this.#deps.rest();
      if (rest === 0) return this.#begin();
      this.#resting = true;
      this.#later(rest, () => this.#begin());
    });
  }

  /** There is something to decide. */
  async rouse(): Promise<void> {
    if (this.#resting) await this.#begin();
  }

  /** Begins where the journal of this height ends: the engine thinks it all again, and what is left to do is done. */
  async resume(records: readonly Uint8Array[]): Promise<void> {
    const all = records.map(readRecord);
    if (all.length === 0) {
      this.beginSoon();
      return;
    }
    this.#begun = true;
    const effects: Effect[] = [];
    for (const record of all) {
      if (record.type === 'block') this.#restoreBlock(record.value);
      else {
        this.#restoreInput(record.value);
        const driven = step(this.#state, record.value);
        this.#state = driven.state;
        effects.push(...driven.effects);
      }
    }
    for (const effect of outstanding(this.#state, effects)) await this.#perform(effect);
    this.#deps.onMove();
  }

  /** Tells the engine something, and does what follows. */
  async hear(input: Input): Promise<void> {
    if (this.#begun) return this.#work(input);
    this.#inputs.push(input);
    // Whoever proposes has ended his pause: nobody is served by ours.
    if (input.type === 'proposal') await this.#begin();
  }

  async #begin(): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    const early = this.#inputs.splice(0);
    await this.#work({ type: 'start' });
    for (const input of early) await this.#work(input);
  }

  async #work(first: Input): Promise<void> {
    this.#inputs.push(first);
    if (this.#working) return;
    this.#working = true;
    try {
      for (let input = this.#inputs.shift(); input && !this.#decision; input = this.#inputs.shift())
        await this.#think(input);
    } finally {
      this.#working = false;
    }
  }

  async #think(input: Input): Promise<void> {
    const { state, effects } = step(this.#state, input);
    if (state !== this.#state) {
      if (input.type === 'proposal') await this.#logBlock(input.proposal.block);
      await this.#log({ type: 'input', value: input });
    }
    this.#state = state;
    for (const effect of effects) await this.#perform(effect);
  }

  async #perform(effect: Effect): Promise<void> {
    const { wal, write, onMove, onEvidence } = this.#deps;
    switch (effect.type) {
      case 'persist':
        return write(() => wal.sync());
      case 'getValue':
        return this.#makeBlock(effect.round);
      case 'propose':
        return this.#propose(effect);
      case 'vote':
        return this.#vote(effect.ballot);
      case 'timeout':
        this.#later(durationOf(this.#options.timeouts, effect.step, effect.round), () => this.#work(effect));
        return;
      case 'round':
      case 'fetch':
        onMove();
        return;
      case 'evidence':
        onEvidence(effect.evidence);
        return;
      case 'decide':
        this.#decision = effect.precommits;
    }
  }

  async #makeBlock(round: number): Promise<void> {
    const { validator, now, book } = this.#deps;
    const { tip } = this.#options;
    const { chainId, height, previous, previousTime, appHash } = tip;
    const time = Math.max(now(), previousTime + 1);
    const proposer = validator!.publicKey;
    const transactions = await this.#choose(height, time, proposer);
    if (!transactions) return;
    const block = makeBlock({
      chainId,
      height,
      time,
      previous,
      lastCommit: this.#lastCommit(),
      transactions,
      validators: tip.validators.hash,
      nextValidators: tip.nextValidators.hash,
      appHash,
      proposer,
    });
    const bytes = encodeBlock(block);
    const whole = wholeBlockOf(bytes);
    if (!whole) throw new BitorchError('BLOCK_INVALID', 'the application proposes what is no block');
    book.addBlock(whole);
    await this.#logBlock(whole.id);
    await this.#work({ type: 'value', round, block: whole.id });
  }

  /** What is to be in a block of ours; undefined when the application fails: then this turn passes, and the next one comes. */
  async #choose(
    height: number,
    time: number,
    proposer: Uint8Array,
  ): Promise<readonly Uint8Array[] | undefined> {
    const { application, picker, log } = this.#deps;
    try {
      const { transactions } = await application.prepareProposal({
        height,
        time,
        proposer,
        maxBytes: this.#options.maxBytes,
        // Those that wait are the application's own: it was asked about each of them.
        transactions: [],
        ...(picker && { picks: picker() }),
      });
      return transactions;
    } catch (error) {
      log.error({ height, error: messageOf(error) }, 'no block could be made: our turn passes');
      return undefined;
    }
  }

  /** The commit of the block before, with the precommits that came late. */
  #lastCommit(): Commit | undefined {
    const { chainId, lastCommit, previous } = this.#options.tip;
    const { lastBook } = this.#deps;
    if (!lastCommit || !lastBook) return lastCommit;
    const { votes, power } = lastBook.precommitsFor(lastCommit.round, previous);
    const { validators } = lastBook;
    return validators.isQuorum(power) ? commitFrom(certificateOf(votes), chainId, validators) : lastCommit;
  }

  async #propose(effect: Extract<Effect, { type: 'propose' }>): Promise<void> {
    const { height, round, validRound, polka, block } = effect;
    const { book, relay } = this.#deps;
    const whole = book.block(block)!;
    const { root, total, parts } = partsOf(whole.bytes);
    const { time } = whole.block.header;
    const unsigned = { height, round, validRound, block, partsRoot: root, parts: total, time };
    const proposal = await this.#sign((validator) => validator.signProposal(unsigned));
    if (!proposal) return;
    if (polka) {
      book.addCertificate(polka);
      relay({ type: 'certificate', value: polka });
    }
    book.addProposal(proposal);
    relay({ type: 'proposal', value: proposal });
    const set = book.partsOf(round)!;
    for (const part of parts) {
      set.add(part);
      relay({ type: 'part', value: { height, root, total, part } });
    }
    await this.#work({ type: 'proposal', proposal, verdict: 'valid' });
  }

  async #vote(ballot: Ballot): Promise<void> {
    const { book, relay } = this.#deps;
    const { place } = this.#state.driver.setting;
    const vote = await this.#sign((validator) => validator.signVote(ballot, place));
    if (!vote) return;
    book.addVote(vote);
    relay({ type: 'vote', value: vote });
    await this.#work({ type: 'vote', vote });
  }

  /** Undefined on a node that only follows, and when the guard remembers another signature for this step or a later one. */
  async #sign<T>(sign: (validator: Validator) => T): Promise<T | undefined> {
    const { validator, write, log } = this.#deps;
    if (!validator || this.#state.driver.setting.place < 0) return undefined;
    try {
      return await write(() => sign(validator));
    } catch (error) {
      if (codeOf(error) !== 'DOUBLE_SIGN_REFUSED') throw error;
      log.warn({ reason: messageOf(error) }, 'did not sign');
      return undefined;
    }
  }

  async #logBlock(id: Uint8Array): Promise<void> {
    const whole = this.#deps.book.block(id);
    if (!whole || this.#logged.has(toHex(id))) return;
    await this.#log({ type: 'block', value: whole.bytes });
    this.#logged.add(toHex(id));
  }

  async #log(record: JournalRecord): Promise<void> {
    const { wal, write } = this.#deps;
    const bytes = encodeRecord(record);
    await this.#openJournal();
    await write(() => wal.append(bytes));
  }

  /** A file of its own for each height takes a while to be durable: best made in the pause between blocks. */
  async #openJournal(): Promise<void> {
    const { wal, write } = this.#deps;
    const { height } = this.#options.tip;
    if (wal.height !== height) await write(() => void wal.open(height));
  }

  #restoreBlock(bytes: Uint8Array): void {
    const whole = wholeBlockOf(bytes);
    if (!whole) throw new BitorchError('JOURNAL_DAMAGED', 'a block in the journal cannot be read');
    this.#deps.book.addBlock(whole);
    this.#logged.add(toHex(whole.id));
  }

  #restoreInput(input: Input): void {
    const { book } = this.#deps;
    if (input.type === 'vote') book.addVote(input.vote);
    if (input.type === 'certificate') book.addCertificate(input.certificate);
    if (input.type !== 'proposal') return;
    const { round, block } = input.proposal;
    book.addProposal(input.proposal);
    const whole = book.block(block);
    const set = book.partsOf(round)!;
    if (whole) for (const part of partsOf(whole.bytes).parts) set.add(part);
  }

  #later(ms: number, job: () => Promise<void>): void {
    this.#timers.add(this.#deps.later(ms, job));
  }
}

/** Throws JOURNAL_DAMAGED: its checksum is good, so another version has written it. */
function readRecord(bytes: Uint8Array): JournalRecord {
  try {
    return decodeRecord(bytes);
  } catch (error) {
    throw new BitorchError(
      'JOURNAL_DAMAGED',
      `the journal cannot be read by this version (${messageOf(error)}): let the version that wrote it finish the height`,
    );
  }
}
