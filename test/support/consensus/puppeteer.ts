import { equalBytes } from '#base';
import type { Certificate } from '../../../src/consensus/blocks/certificate.ts';
import type { Proposal } from '../../../src/consensus/blocks/proposal.ts';
import type { ValidatorSet } from '../../../src/consensus/blocks/validators.ts';
import type { Vote } from '../../../src/consensus/blocks/vote.ts';
import { NIL } from '../../../src/consensus/constants.ts';
import type { Effect } from '../../../src/consensus/engine/messages.ts';
import { bareProposal, bareVote, Told } from './engine.ts';
import { Random } from './simulator/random.ts';
import { named } from './validators.ts';

export interface PuppetShow {
  readonly validators: ValidatorSet;
  /** Places whose keys the adversary has. */
  readonly bad: readonly number[];
  /** Whether it votes several times in one step, or only forgets its locks. */
  readonly doubles: boolean;
  readonly seed: number;
  readonly steps: number;
}

const BLOCKS = ['a', 'b'].map(named);
const ROUNDS = 4;

/**
 * An adversary without a clock: it has some keys, and decides alone which honest validator hears what and when, and
 * whose timeouts run out. Whatever it does, honest ones must not decide two blocks while it has a third at most.
 */
export class Puppeteer {
  readonly honest: readonly Told[];
  readonly commits: Certificate[] = [];
  /** Everything that some honest validator has been told. */
  readonly logs: Vote[] = [];
  readonly #random: Random;
  readonly #show: PuppetShow;
  readonly #places: readonly number[];
  /** Not yet delivered, for each honest one. */
  readonly #mail: (Vote | Proposal)[][];

  constructor(show: PuppetShow) {
    this.#show = show;
    this.#random = new Random(show.seed);
    const { validators, bad } = show;
    this.#places = validators.validators.map((_, place) => place).filter((place) => !bad.includes(place));
    this.honest = this.#places.map((place) => new Told(validators, place));
    const script = this.#script();
    // Each honest one mostly hears what leads it to a block of its own.
    this.#mail = this.honest.map((_, i) => {
      const lure = BLOCKS[i % BLOCKS.length]!;
      return script.filter(({ block }) => equalBytes(block, lure) || this.#random.chance(0.2));
    });
  }

  play(): void {
    this.honest.forEach((one, i) => {
      one.start();
      this.#follow(i, one.last);
    });
    for (let step = 0; step < this.#show.steps; step++) this.#pull();
  }

  /** All that the bad ones ever say. */
  #script(): (Vote | Proposal)[] {
    const { bad, doubles, validators } = this.#show;
    const said: (Vote | Proposal)[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const place of bad) {
        for (const kind of [1, 2] as const) {
          const lure = BLOCKS[round % BLOCKS.length]!;
          const one = this.#random.chance(0.8) ? lure : this.#random.pick([...BLOCKS, NIL]);
          const blocks = doubles ? [...BLOCKS, NIL] : [one];
          for (const block of blocks) said.push(bareVote(place, kind, block, round));
        }
        if (validators.placeOf(validators.proposer(round).key) !== place) continue;
        for (const block of BLOCKS)
          said.push(bareProposal(block, round, this.#random.between(-1, round - 1)));
      }
    }
    return said;
  }

  #pull(): void {
    const i = this.#random.between(0, this.honest.length - 1);
    const one = this.honest[i]!;
    const mail = this.#mail[i]!;
    const { round } = one.state.driver.round;
    const waits = one.state.waits;
    if (waits.length > 0 && this.#random.chance(0.15)) {
      one.tell({ type: 'timeout', height: 1, round, step: this.#random.pick(waits) });
    } else {
      const near = mail.filter((message) => message.round <= round);
      if (near.length === 0) return;
      const message = this.#random.pick(near);
      mail.splice(mail.indexOf(message), 1);
      this.#deliver(one, message);
    }
    this.#follow(i, one.last);
  }

  #deliver(one: Told, message: Vote | Proposal): void {
    if (!('kind' in message)) one.tell({ type: 'proposal', proposal: message, verdict: 'valid' });
    else {
      this.logs.push(message);
      one.tell({ type: 'vote', vote: message });
    }
  }

  /** Carries out what an honest one wants done, in the order in which it wants it. */
  #follow(i: number, effects: readonly Effect[]): void {
    const one = this.honest[i]!;
    for (const effect of effects) {
      if (effect.type === 'vote') {
        const { kind, block, round } = effect.ballot;
        this.#say(i, bareVote(this.#places[i]!, kind, block, round));
      } else if (effect.type === 'propose') {
        this.#say(i, bareProposal(effect.block, effect.round, effect.validRound));
      } else if (effect.type === 'getValue') {
        one.tell({ type: 'value', round: effect.round, block: this.#random.pick(BLOCKS) });
        this.#follow(i, one.last);
      } else if (effect.type === 'decide') this.commits.push(effect.precommits);
    }
  }

  #say(i: number, message: Vote | Proposal): void {
    const one = this.honest[i]!;
    this.#deliver(one, message);
    const { last } = one;
    this.#mail.forEach((mail, j) => {
      if (j !== i) mail.push(message);
    });
    this.#follow(i, last);
  }
}
