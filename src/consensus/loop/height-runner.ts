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
  readonly record: HeightRecord;
  /** Record of the previous height, whose precommits go into our proposal. */
  readonly lastRecord: HeightRecord | undefined;
  readonly log: Logger;
  readonly now: () => number;
  readonly picker?: () => (transaction: Uint8Array) => boolean;
  /** Runs a write, and repeats it while the disk is full. */
  readonly write: <T>(write: () => T | Promise<T>) => Promise<T>;
  /** Queues a job of this height after a delay; the returned function cancels it. */
  readonly later: (ms: number, job: () => Promise<void>) => () => void;
  readonly relay: (message: ConsensusMessage) => void;
  readonly onMove: () => void;
  readonly onEvidence: (evidence: Equivocation) => void;
  /** How long, in ms, the next block may wait while there is nothing to decide; 0: not at all. */
  readonly rest: () => number;
}

/** Longest delay of a timer, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Runs the pure engine for one height: journals inputs, executes effects. Calls must not overlap. */
export class HeightRunner {
  readonly #options: HeightRunnerOptions;
  readonly #deps: HeightRunnerDependencies;
  #state: EngineState;
  #begun = false;
  /** True after the pause between blocks while there is nothing to decide. */
  #resting = false;
  #decision: Certificate | undefined;
  /** Inputs that came before the height began, or while another one is processed. */
  readonly #inputs: Input[] = [];
  #processing = false;
  /** Blocks that are already in the journal. */
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

  /** The precommits that decided the height; undefined before. */
  get decision(): Certificate | undefined {
    return this.#decision;
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /**
   * Begins after the pause between blocks, after a longer one while the pool is empty, or as soon as another
   * validator proposes.
   */
  beginSoon(): void {
    this.#later(0, () => this.#openJournal());
    this.#beginAfter(this.#options.timeouts.commit);
  }

  /** The genesis time at the first height, which can be far away. A later height follows a block from the near future, too. */
  get #earliest(): number {
    const { lastCommit, previousTime } = this.#options.tip;
    return lastCommit ? 0 : previousTime + 1;
  }

  #beginAfter(pauseMs: number): void {
    const wait = Math.max(pauseMs, this.#earliest - this.#deps.now());
    this.#later(Math.min(wait, MAX_TIMER_MS), async () => {
      if (wait > MAX_TIMER_MS) return this.#beginAfter(0);
      const rest = this.#deps.rest();
      if (rest === 0) return this.#begin();
      this.#resting = true;
      this.#later(rest, () => this.#begin());
    });
  }

  /** There is something to decide: ends the wait. */
  async wake(): Promise<void> {
    if (this.#resting) await this.#begin();
  }

  /**
   * Resumes where this height's journal ends: replays its inputs through the engine and executes the outstanding
   * effects.
   */
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

  /** Feeds an input to the engine and executes its effects. */
  async receive(input: Input): Promise<void> {
    if (this.#begun) return this.#process(input);
    this.#inputs.push(input);
    // A proposal shows that its proposer's pause is over, so ours is too. Nobody can begin before the genesis, though:
    // its rounds would fail, and each makes the timeouts longer.
    if (input.type === 'proposal' && this.#deps.now() >= this.#earliest) await this.#begin();
  }

  async #begin(): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    const early = this.#inputs.splice(0);
    await this.#process({ type: 'start' });
    for (const input of early) await this.#process(input);
  }

  async #process(first: Input): Promise<void> {
    this.#inputs.push(first);
    if (this.#processing) return;
    this.#processing = true;
    try {
      for (let input = this.#inputs.shift(); input && !this.#decision; input = this.#inputs.shift())
        await this.#step(input);
    } finally {
      this.#processing = false;
    }
  }

  async #step(input: Input): Promise<void> {
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
        this.#later(durationOf(this.#options.timeouts, effect.step, effect.round), () =>
          this.#process(effect),
        );
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
    const { validator, now, record } = this.#deps;
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
    if (!whole) throw new BitorchError('BLOCK_INVALID', 'the application proposed an invalid block');
    record.addBlock(whole);
    await this.#logBlock(whole.id);
    await this.#process({ type: 'value', round, block: whole.id });
  }

  /** The content of our block; undefined when the application fails: our turn is skipped. */
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
        // The application adds those of its own pool, and calls `picks` for each.
        transactions: [],
        ...(picker && { picks: picker() }),
      });
      return transactions;
    } catch (error) {
      log.error({ height, error: messageOf(error) }, 'cannot make a block: our turn is skipped');
      return undefined;
    }
  }

  /** The commit of the previous block, including precommits that came late. */
  #lastCommit(): Commit | undefined {
    const { chainId, lastCommit, previous } = this.#options.tip;
    const { lastRecord } = this.#deps;
    if (!lastCommit || !lastRecord) return lastCommit;
    const { votes, power } = lastRecord.precommitsFor(lastCommit.round, previous);
    const { validators } = lastRecord;
    return validators.isQuorum(power) ? commitFrom(certificateOf(votes), chainId, validators) : lastCommit;
  }

  async #propose(effect: Extract<Effect, { type: 'propose' }>): Promise<void> {
    const { height, round, validRound, polka, block } = effect;
    const { record, relay } = this.#deps;
    const whole = record.block(block)!;
    const { root, total, parts } = partsOf(whole.bytes);
    const { time } = whole.block.header;
    const unsigned = { height, round, validRound, block, partsRoot: root, parts: total, time };
    const proposal = await this.#sign((validator) => validator.signProposal(unsigned));
    if (!proposal) return;
    if (polka) {
      record.addCertificate(polka);
      relay({ type: 'certificate', value: polka });
    }
    record.addProposal(proposal);
    relay({ type: 'proposal', value: proposal });
    const set = record.partsOf(round)!;
    for (const part of parts) {
      set.add(part);
      relay({ type: 'part', value: { height, root, total, part } });
    }
    await this.#process({ type: 'proposal', proposal, verdict: 'valid' });
  }

  async #vote(ballot: Ballot): Promise<void> {
    const { record, relay } = this.#deps;
    const { place } = this.#state.driver.setting;
    const vote = await this.#sign((validator) => validator.signVote(ballot, place));
    if (!vote) return;
    record.addVote(vote);
    relay({ type: 'vote', value: vote });
    await this.#process({ type: 'vote', vote });
  }

  /**
   * Undefined on a node that only follows, and when the guard holds another signature for this step or a later one.
   */
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
    const whole = this.#deps.record.block(id);
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

  /** A new file takes a while to be durable: best created in the pause between blocks. */
  async #openJournal(): Promise<void> {
    const { wal, write } = this.#deps;
    const { height } = this.#options.tip;
    if (wal.height !== height) await write(() => void wal.open(height));
  }

  #restoreBlock(bytes: Uint8Array): void {
    const whole = wholeBlockOf(bytes);
    if (!whole) throw new BitorchError('JOURNAL_DAMAGED', 'a block in the journal is malformed');
    this.#deps.record.addBlock(whole);
    this.#logged.add(toHex(whole.id));
  }

  #restoreInput(input: Input): void {
    const { record } = this.#deps;
    if (input.type === 'vote') record.addVote(input.vote);
    if (input.type === 'certificate') record.addCertificate(input.certificate);
    if (input.type !== 'proposal') return;
    const { round, block } = input.proposal;
    record.addProposal(input.proposal);
    const whole = record.block(block);
    const set = record.partsOf(round)!;
    if (whole) for (const part of partsOf(whole.bytes).parts) set.add(part);
  }

  #later(ms: number, job: () => Promise<void>): void {
    this.#timers.add(this.#deps.later(ms, job));
  }
}

/** Throws JOURNAL_DAMAGED when the record cannot be decoded: its checksum is right, so another version wrote it. */
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
