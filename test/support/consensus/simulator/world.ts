import { type Equivocation, offendersOf } from '#ledger';
import type { Certificate } from '../../../../src/consensus/blocks/certificate.ts';
import type { ValidatorSet } from '../../../../src/consensus/blocks/validators.ts';
import type { Ballot, Vote } from '../../../../src/consensus/blocks/vote.ts';
import { keyOf } from '../../../../src/consensus/engine/tally.ts';
import type { SynchronyParameters } from '../../../../src/consensus/engine/timeliness.ts';
import { EventQueue } from './event-queue.ts';
import { type Message, readBlockId } from './messages.ts';
import type { Node } from './node.ts';
import { Random } from './random.ts';

export interface Timeouts {
  readonly propose: number;
  readonly proposeStep: number;
  readonly prevote: number;
  readonly prevoteStep: number;
  readonly precommit: number;
  readonly precommitStep: number;
  readonly commit: number;
}

export interface WorldOptions {
  readonly seed: number;
  readonly validators: ValidatorSet;
  readonly timeouts: Timeouts;
  readonly synchrony: SynchronyParameters;
  /** How far each clock is from the true time at most, ms. */
  readonly skew: number;
  /** Each link's delay, ms. */
  readonly delay: readonly [least: number, most: number];
  /** Neighbours of each node, at least; without it everyone sends to everyone. */
  readonly links?: number;
  /** ms between two of a node's questions to a peer for what it lacks. */
  readonly gossip: number;
  readonly blockMaking: number;
  /** Until when the network loses, doubles and parts, and nodes crash; ms. */
  readonly stabilisation: number;
  readonly loss: number;
  readonly duplication: number;
  readonly crash: number;
  readonly partitions: boolean;
  /** Whether to keep all that honest nodes are told. */
  readonly logs?: boolean;
  /** Real signatures in place of none: slow. */
  readonly signatures?: Signatures;
}

export interface Signatures {
  sign(ballot: Ballot, place: number): Vote;
  isGood(vote: Vote, validators: ValidatorSet): boolean;
}

/** Ends what a node is doing, wherever it is. */
export class Crash extends Error {}

/** Somebody with an address in the network. */
export interface Participant {
  readonly id: number;
  readonly place: number;
  readonly isHonest: boolean;
  boot(): void;
  /** Does a piece of its work, unless it is down. */
  run(work: () => void): void;
  receive(message: Message): void;
}

/** Two commits for different blocks of one height. */
export interface Fork {
  readonly height: number;
  readonly commits: readonly [Certificate, Certificate];
}

/** The true time when a world begins, ms. */
export const EPOCH = 1_000_000;
/** Heights that the bystander remembers. */
const MEMORY = 64;
const NO_SIGNATURE = new Uint8Array(64);

/** Clock, network and disk faults, and a bystander who sees everything and checks what must hold. */
export class World {
  readonly options: WorldOptions;
  readonly random: Random;
  readonly queue = new EventQueue();
  readonly nodes: Participant[] = [];
  readonly forks: Fork[] = [];
  readonly accused = new Map<string, Equivocation>();
  /** What honest nodes were told, if `logs` is asked for. */
  readonly logs: Vote[] = [];
  readonly #sets = new Map<number, ValidatorSet>();
  readonly #decisions = new Map<number, Certificate>();
  readonly #proposed = new Map<number, Set<string>>();
  /** Of each node those that it sends to, where not everyone sends to everyone. */
  readonly #neighbours: number[][] = [];
  readonly #seen: WeakSet<Message>[] = [];
  /** How long after a block's time each node had decided it, ms. */
  readonly finality: number[] = [];
  /** Of each node the side of the partition that it is on. */
  #sides: readonly number[] = [];

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = new Random(options.seed);
    this.#sets.set(1, options.validators);
  }

  get isStable(): boolean {
    return this.queue.now >= this.options.stabilisation;
  }

  get honest(): readonly Node[] {
    return this.nodes.filter((node) => node.isHonest) as Node[];
  }

  /** The set rotates; who is in it stays. Only the sets of the last heights are kept. */
  validatorsAt(height: number): ValidatorSet {
    const known = this.#sets.get(height);
    if (known) return known;
    const next = this.validatorsAt(height - 1).next();
    this.#sets.set(height, next);
    for (const record of [this.#sets, this.#decisions, this.#proposed]) record.delete(height - MEMORY);
    return next;
  }

  start(): void {
    if (this.options.links) this.#connect(this.options.links);
    for (const node of this.nodes) this.queue.after(this.random.between(0, 200), () => node.boot());
    if (this.options.partitions) this.#part();
  }

  /** Runs until `done`; false when `limit` ms have passed before. */
  runUntil(done: () => boolean, limit: number): boolean {
    while (!done()) {
      if (this.queue.now > limit || !this.queue.step()) return false;
    }
    return true;
  }

  #part(): void {
    if (this.isStable) {
      this.#sides = [];
      return;
    }
    const sides = this.random.chance(0.5) ? 1 : this.random.between(2, 3);
    this.#sides = this.nodes.map(() => this.random.between(1, sides));
    this.queue.after(this.random.between(200, 4000), () => this.#part());
  }

  /** Keeps nodes on sides of their own, for good or until the next call. */
  separate(sides: readonly number[]): void {
    this.#sides = sides;
  }

  #areApart(a: number, b: number): boolean {
    return this.#sides.length > 0 && this.#sides[a] !== this.#sides[b];
  }

  /** A ring, so that nobody is alone, and chords. */
  #connect(links: number): void {
    const { length } = this.nodes;
    const sets = this.nodes.map((_, i) => new Set([(i + 1) % length, (i + length - 1) % length]));
    for (let i = 0; i < length; i++) {
      while (sets[i]!.size < links) {
        const other = this.random.between(0, length - 1);
        if (other === i) continue;
        sets[i]!.add(other);
        sets[other]!.add(i);
      }
    }
    this.#neighbours.push(...sets.map((set) => [...set]));
    this.#seen.push(...this.nodes.map(() => new WeakSet<Message>()));
  }

  /** From neighbour to neighbour, each passing on what it sees for the first time. */
  #flood(from: number, message: Message): void {
    this.#seen[from]!.add(message);
    for (const to of this.#neighbours[from]!) {
      const delay = this.random.between(this.options.delay[0], this.options.delay[1]);
      this.queue.after(delay, () => {
        if (this.#seen[to]!.has(message)) return;
        const node = this.nodes[to]!;
        node.run(() => node.receive(message));
        this.#flood(to, message);
      });
    }
  }

  broadcast(from: Participant, message: Message): void {
    if (this.options.links) this.#flood(from.id, message);
    else for (const { id } of this.nodes) if (id !== from.id) this.send(from, id, message);
  }

  send(from: { readonly id: number }, to: number, message: Message): void {
    const { options, random } = this;
    const copies = !this.isStable && random.chance(options.duplication) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (this.#areApart(from.id, to) || (!this.isStable && random.chance(options.loss))) continue;
      const slow = this.isStable ? 1 : random.pick([1, 1, 1, 3, 20]);
      const delay = random.between(options.delay[0], options.delay[1]) * slow;
      this.queue.after(delay, () => {
        const node = this.nodes[to]!;
        node.run(() => node.receive(message));
      });
    }
  }

  somebodyElse(than: Participant): number {
    const other = this.random.between(0, this.nodes.length - 2);
    return other < than.id ? other : other + 1;
  }

  maybeCrash(): void {
    if (!this.isStable && this.random.chance(this.options.crash)) throw new Crash();
  }

  sign(ballot: Ballot, place: number): Vote {
    const { signatures } = this.options;
    return signatures
      ? signatures.sign(ballot, place)
      : { ...ballot, validator: place, signature: NO_SIGNATURE };
  }

  isGood(vote: Vote): boolean {
    const { signatures } = this.options;
    return signatures?.isGood(vote, this.validatorsAt(vote.height)) ?? true;
  }

  proposed(block: Uint8Array): void {
    const { height } = readBlockId(block);
    const known = this.#proposed.get(height) ?? new Set();
    this.#proposed.set(height, known.add(keyOf(block)));
  }

  accuse(evidence: Equivocation): void {
    for (const key of offendersOf(evidence)) this.accused.set(keyOf(key), evidence);
  }

  told(vote: Vote): void {
    if (this.options.logs) this.logs.push(vote);
  }

  decided(commit: Certificate): void {
    const { height, block } = commit;
    const known = this.#decisions.get(height);
    if (known && keyOf(known.block) !== keyOf(block)) this.forks.push({ height, commits: [known, commit] });
    if (!this.#proposed.get(height)?.has(keyOf(block)))
      throw new Error(`height ${height} decided what nobody has proposed`);
    this.#decisions.set(height, known ?? commit);
    this.finality.push(this.queue.now + EPOCH - readBlockId(block).time);
  }
}
