import type { Proposal } from '../../../../src/consensus/blocks/proposal.ts';
import type { Vote } from '../../../../src/consensus/blocks/vote.ts';
import { NIL } from '../../../../src/consensus/constants.ts';
import { type Message, makeBlockId, readBlockId } from './messages.ts';
import { EPOCH, type Participant, type World } from './world.ts';

/** A validator that votes for everything at once, proposes several blocks, and tells each peer something else. */
export class Hostile implements Participant {
  readonly id: number;
  readonly place: number;
  readonly isHonest = false;
  readonly #world: World;
  readonly #blocks: Uint8Array[] = [NIL];
  /** Where the others are. */
  #height = 1;
  #round = 0;
  #serial = 0;

  constructor(world: World, id: number, place: number) {
    this.#world = world;
    this.id = id;
    this.place = place;
  }

  boot(): void {
    this.#world.queue.after(this.#world.random.between(20, 150), () => {
      this.#act();
      this.boot();
    });
  }

  run(work: () => void): void {
    work();
  }

  receive(message: Message): void {
    const about =
      message.type === 'vote' ? message.vote : message.type === 'proposal' ? message.proposal : undefined;
    if (!about || about.height < this.#height) return;
    if (about.height > this.#height) {
      this.#blocks.splice(1);
      this.#round = 0;
    }
    this.#height = about.height;
    this.#round = Math.max(this.#round, Math.min(about.round, this.#round + 50));
    if (this.#blocks.length < 8) this.#blocks.push(about.block);
  }

  #act(): void {
    const { random, nodes } = this.#world;
    for (const { id } of nodes) {
      if (id === this.id || random.chance(0.4)) continue;
      const round = Math.max(0, this.#round + random.between(-1, 2));
      const vote = this.#vote(round, random.pick([1, 2] as const));
      this.#world.send(this, id, { type: 'vote', vote });
      const { validators } = this.#world.options;
      const turn = this.#world.validatorsAt(this.#height).proposer(round);
      if (validators.placeOf(turn.key) === this.place) {
        this.#world.send(this, id, { type: 'proposal', proposal: this.#proposal(round) });
      }
    }
  }

  #vote(round: number, kind: 1 | 2): Vote {
    const block = this.#world.random.pick(this.#blocks);
    return this.#world.sign({ height: this.#height, round, kind, block }, this.place);
  }

  #proposal(round: number): Proposal {
    const { random, queue } = this.#world;
    const time = Math.round(queue.now) + EPOCH + random.between(-5000, 5000);
    const made = { height: this.#height, time, valid: random.chance(0.6) };
    const fresh = makeBlockId(made, this.id, this.#serial++ % 3);
    const old = this.#blocks.filter((block) => block !== NIL);
    const block = old.length > 0 && random.chance(0.5) ? random.pick(old) : fresh;
    this.#world.proposed(block);
    return {
      height: this.#height,
      round,
      validRound: random.between(-1, round - 1),
      block,
      partsRoot: block,
      parts: 1,
      time: readBlockId(block).time,
      signature: new Uint8Array(0),
    };
  }
}
