import { equalBytes } from '#base';
import type { Certificate } from '../../../../src/consensus/blocks/certificate.ts';
import type { Proposal } from '../../../../src/consensus/blocks/proposal.ts';
import type { Ballot, Vote } from '../../../../src/consensus/blocks/vote.ts';
import { PREVOTE } from '../../../../src/consensus/constants.ts';
import { settingOf } from '../../../../src/consensus/engine/driver-state.ts';
import { type EngineState, isDecided, newHeight } from '../../../../src/consensus/engine/engine-state.ts';
import {
  type Effect,
  type Input,
  type Verdict,
  votesInInput,
} from '../../../../src/consensus/engine/messages.ts';
import { outstanding } from '../../../../src/consensus/engine/outstanding.ts';
import { step } from '../../../../src/consensus/engine/step.ts';
import { isTimely } from '../../../../src/consensus/engine/timeliness.ts';
import { durationOf } from '../../../../src/consensus/engine/timeouts.ts';
import { hasQuorum, voteOf } from '../../../../src/consensus/engine/vote-keeper.ts';
import { type Message, makeBlockId, readBlockId } from './messages.ts';
import { lacks } from './status.ts';
import { Crash, EPOCH, type Participant, type World } from './world.ts';

interface Signed {
  readonly height: number;
  readonly round: number;
  /** 0 a proposal, then as the kinds of votes. */
  readonly step: number;
  readonly block: Uint8Array;
}

/** What survives a crash. */
class Disk {
  log: Input[] = [];
  /** So many of the log's records are on the disk for certain. */
  synced = 0;
  signed: Signed | undefined;
  height = 1;
  previousTime = 0;
  /** Commits of the last heights, the newest last. */
  readonly commits: Certificate[] = [];
}

const MAX_EARLY = 400;

/** An honest validator: the shell around the engine, on a made-up disk, clock and network. */
export class Node implements Participant {
  readonly id: number;
  readonly place: number;
  readonly isHonest = true;
  readonly disk = new Disk();
  readonly skew: number;
  readonly #world: World;
  state!: EngineState;
  isUp = false;
  proposals: Proposal[] = [];
  #early: Vote[] = [];
  /** Counts lives and heights: a timer of an earlier one is void. */
  #life = 0;
  #serial = 0;
  /** Gossip of an earlier life has ended. */
  #boots = 0;

  constructor(world: World, id: number, place: number) {
    this.id = id;
    this.place = place;
    this.#world = world;
    this.skew = world.random.between(-world.options.skew, world.options.skew);
  }

  get height(): number {
    return this.disk.height;
  }

  /** Starts, or starts again: the log leads back to where the node was. */
  boot(): void {
    const { random } = this.#world;
    this.isUp = true;
    this.#life++;
    this.#boots++;
    this.proposals = [];
    this.#early = [];
    const { log, synced } = this.disk;
    const records = log.slice(0, random.between(synced, log.length));
    this.disk.log = [...records];
    this.disk.synced = records.length;
    this.#enter();
    const effects: Effect[] = [];
    for (const input of records) {
      if (input.type === 'proposal') this.proposals.push(input.proposal);
      const driven = step(this.state, input);
      this.state = driven.state;
      effects.push(...driven.effects);
    }
    this.run(() => {
      if (records.length === 0) this.#tell({ type: 'start' });
      else this.#carryOut(outstanding(this.state, effects));
    });
    this.#gossip();
  }

  /** Runs a piece of the node's work; a crash in it takes the node down for a while. */
  run(work: () => void): void {
    if (!this.isUp) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.isUp = false;
      this.#life++;
      this.#world.queue.after(this.#world.random.between(1, 3000), () => this.boot());
    }
  }

  receive(message: Message): void {
    switch (message.type) {
      case 'vote':
        this.#receiveVote(message.vote);
        break;
      case 'proposal':
        this.#receiveProposal(message.proposal);
        break;
      case 'polka': {
        const { height, round, block } = message.polka;
        if (height !== this.height || hasQuorum(this.state.driver.keeper, round, PREVOTE, block)) break;
        this.#tell({ type: 'certificate', certificate: message.polka });
        break;
      }
      case 'decided': {
        const { commit } = message;
        if (commit.height !== this.height || isDecided(this.state)) break;
        this.#tell({ type: 'certificate', certificate: commit });
        this.#tell({ type: 'block', round: commit.round, block: commit.block });
        break;
      }
      case 'status':
        for (const answer of lacks(this, message.height, message.state)) {
          this.#world.send(this, message.from, answer);
        }
    }
  }

  #receiveVote(vote: Vote): void {
    if (vote.height === this.height + 1 && this.#early.length < MAX_EARLY) this.#early.push(vote);
    if (vote.height !== this.height) return;
    const known = voteOf(this.state.driver.keeper, vote.round, vote.kind, vote.validator);
    if (known && equalBytes(known.block, vote.block)) return;
    if (this.#world.isGood(vote)) this.#tell({ type: 'vote', vote });
  }

  #receiveProposal(proposal: Proposal): void {
    const { height, round, block } = proposal;
    if (height !== this.height || this.#knows(proposal)) return;
    if (this.proposals.filter((one) => one.round === round).length >= 4) return;
    this.proposals.push(proposal);
    const made = readBlockId(block);
    const isValid = made.valid && made.height === height && made.time > this.disk.previousTime;
    this.#tell({ type: 'proposal', proposal, verdict: isValid ? this.#timeliness(proposal) : 'invalid' });
  }

  #knows({ round, block, validRound }: Proposal): boolean {
    return this.proposals.some(
      (one) => one.round === round && one.validRound === validRound && equalBytes(one.block, block),
    );
  }

  #timeliness(proposal: Proposal): Verdict {
    if (proposal.validRound >= 0) return 'valid';
    return isTimely(proposal, this.#clock(), this.#world.options.synchrony) ? 'valid' : 'untimely';
  }

  #clock(): number {
    return Math.round(this.#world.queue.now) + EPOCH + this.skew;
  }

  #tell(input: Input): void {
    this.disk.log.push(input);
    for (const vote of votesInInput(input)) this.#world.told(vote);
    const { state, effects } = step(this.state, input);
    this.state = state;
    this.#carryOut(effects);
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'persist':
          this.disk.synced = this.disk.log.length;
          this.#world.maybeCrash();
          break;
        case 'vote':
          this.#vote(effect.ballot);
          break;
        case 'propose':
          this.#propose(effect.round, effect.validRound, effect.block, effect.polka);
          break;
        case 'getValue':
          this.#makeBlock(effect.height, effect.round);
          break;
        case 'timeout': {
          const { height, round, step } = effect;
          const wait = durationOf(this.#world.options.timeouts, step, round);
          this.#later(wait, () => this.#tell({ type: 'timeout', height, round, step }));
          break;
        }
        case 'decide':
          this.#decide(effect.precommits);
          break;
        case 'evidence':
          this.#world.accuse(effect.evidence);
      }
    }
  }

  /** The guard: nothing else of this step, nothing of an earlier one. */
  #maySign(signed: Signed): boolean {
    const last = this.disk.signed;
    const order = last
      ? signed.height - last.height || signed.round - last.round || signed.step - last.step
      : 1;
    if (order < 0 || (order === 0 && !equalBytes(signed.block, last!.block))) return false;
    this.disk.signed = signed;
    this.#world.maybeCrash();
    return true;
  }

  #vote(ballot: Ballot): void {
    const { height, round, kind, block } = ballot;
    if (!this.#maySign({ height, round, step: kind, block })) return;
    const vote = this.#world.sign(ballot, this.place);
    this.#tell({ type: 'vote', vote });
    this.#world.maybeCrash();
    this.#world.broadcast(this, { type: 'vote', vote });
  }

  #propose(round: number, validRound: number, block: Uint8Array, polka?: Certificate): void {
    const { height } = this;
    if (!this.#maySign({ height, round, step: 0, block })) return;
    const { time } = readBlockId(block);
    const signature = new Uint8Array(0);
    const proposal: Proposal = {
      height,
      round,
      validRound,
      block,
      partsRoot: block,
      parts: 1,
      time,
      signature,
    };
    this.proposals.push(proposal);
    this.#tell({ type: 'proposal', proposal, verdict: 'valid' });
    this.#world.maybeCrash();
    if (polka) this.#world.broadcast(this, { type: 'polka', polka });
    this.#world.broadcast(this, { type: 'proposal', proposal });
  }

  #makeBlock(height: number, round: number): void {
    const wait = Math.max(0, this.disk.previousTime + 1 - this.#clock());
    this.#later(wait + this.#world.options.blockMaking, () => {
      const made = { height, time: this.#clock(), valid: true };
      const block = makeBlockId(made, this.id, this.#serial++);
      this.#world.proposed(block);
      this.#tell({ type: 'value', round, block });
    });
  }

  #decide(commit: Certificate): void {
    const { disk } = this;
    this.#world.decided(commit);
    disk.commits.push(commit);
    if (disk.commits.length > 50) disk.commits.shift();
    disk.previousTime = readBlockId(commit.block).time;
    disk.height++;
    disk.log = [];
    disk.synced = 0;
    this.#life++;
    this.proposals = [];
    const votes = this.#early.filter((vote) => this.#world.isGood(vote));
    this.#early = [];
    this.#enter();
    this.#later(this.#world.options.timeouts.commit, () => this.#tell({ type: 'start', votes }));
  }

  #enter(): void {
    const validators = this.#world.validatorsAt(this.height);
    this.state = newHeight(settingOf(this.height, validators, validators.at(this.place)!.key));
  }

  /** In this life and height only. */
  #later(delay: number, work: () => void): void {
    const life = this.#life;
    this.#world.queue.after(delay, () => {
      if (life === this.#life) this.run(work);
    });
  }

  #gossip(): void {
    const { random, queue, options } = this.#world;
    const boots = this.#boots;
    queue.after(random.between(options.gossip / 2, options.gossip * 1.5), () => {
      if (!this.isUp || boots !== this.#boots) return;
      const { height, state, id } = this;
      this.#world.send(this, this.#world.somebodyElse(this), { type: 'status', from: id, height, state });
      this.#gossip();
    });
  }
}
