import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '#base';
import type { SigningKey } from '#crypto';
import type { Equivocation } from '#ledger';
import { MemoryStore } from '#store';
import { proveBeacon } from '../../../src/consensus/application/beacon.ts';
import { chainRecordOf } from '../../../src/consensus/application/chain-record.ts';
import type { Application, Timeouts } from '../../../src/consensus/application/index.ts';
import type { LedgerApplicationDependencies } from '../../../src/consensus/application/ledger-application.ts';
import {
  type Block,
  blockId,
  type Commit,
  encodeBlock,
  makeBlock,
  type Part,
  type Proposal,
  partsOf,
  signBallot,
  signProposal,
  ValidatorSet,
  type Vote,
  verifyAll,
} from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { NIL, PREVOTE } from '../../../src/consensus/constants.ts';
import type { ConsensusMessage } from '../../../src/consensus/gossip/index.ts';
import { LastSign, WriteAheadLog } from '../../../src/consensus/journal/index.ts';
import { ConsensusLoop } from '../../../src/consensus/loop/index.ts';
import { Validator } from '../../../src/consensus/validator.ts';
import { curve } from '../ledger/chain.ts';
import { begin, founders, TestChain, testGenesis } from './application.ts';
import { commitOf } from './headers.ts';

const PATIENT: Timeouts = {
  propose: 60_000,
  proposeStep: 1,
  prevote: 60_000,
  prevoteStep: 1,
  precommit: 60_000,
  precommitStep: 1,
  commit: 1,
};

/** What a header says of the state that its block follows from, and of its time. */
type Hashes = Pick<Block['header'], 'appHash' | 'validators' | 'nextValidators' | 'time'>;

export interface DecidingNodeOptions extends Partial<LedgerApplicationDependencies> {
  readonly timeouts?: Partial<Timeouts>;
  readonly trustingPeriodMs?: number;
  readonly evidenceBlocks?: number;
  /** No block is earlier. */
  readonly begins?: number;
  /** Told how many signatures are verified. */
  readonly onVerify?: (count: number) => void;
  /** How long the next block may wait, see `DecidingDependencies`. */
  readonly rest?: () => number;
  /** Stands before the application. */
  readonly wrap?: (application: Application) => Application;
}

/** One validator of four, without a network: a test says to it what the three others say. */
export class DecidingNode {
  readonly deciding: ConsensusLoop;
  readonly store: ChainStore;
  readonly chain: TestChain;
  readonly set: ValidatorSet;
  readonly said: ConsensusMessage[] = [];
  readonly shouted: ConsensusMessage[] = [];
  readonly evidence: Equivocation[] = [];
  readonly forks: [Commit, Commit][] = [];
  readonly chainId = testGenesis().parameters.chainId;
  /** Whose turn it is in the first round, and this node's own key. */
  readonly proposer: SigningKey;
  readonly own: SigningKey;
  readonly #options: DecidingNodeOptions;
  readonly #folder: string;

  private constructor(
    chain: TestChain,
    set: ValidatorSet,
    store: ChainStore,
    options: DecidingNodeOptions,
    folder = mkdtempSync(join(tmpdir(), 'bitorch-deciding-')),
  ) {
    this.#options = options;
    this.chain = chain;
    this.set = set;
    this.store = store;
    this.#folder = folder;
    const { key } = set.proposer(0);
    this.proposer = founders.find(({ publicKey }) => Buffer.compare(publicKey, key) === 0)!;
    this.own = founders.find((founder) => founder !== this.proposer)!;
    const guard = new LastSign(join(this.#folder, 'last-sign'));
    const { maxBytes } = testGenesis().consensus;
    const { begins = 0, trustingPeriodMs, evidenceBlocks } = options;
    const accountability = { trustingPeriodMs, ...(evidenceBlocks !== undefined && { evidenceBlocks }) };
    const timeouts = { ...PATIENT, ...options.timeouts };
    this.deciding = new ConsensusLoop(
      { chainId: this.chainId, begins, timeouts, clockToleranceMs: 10 ** 12, maxBytes, ...accountability },
      {
        application: options.wrap?.(chain.application) ?? chain.application,
        store,
        wal: new WriteAheadLog({ folder: join(this.#folder, 'journal'), keep: 200 }),
        validator: new Validator(this.chainId, { key: this.own, guard }),
        verify: (signed) => {
          options.onVerify?.(signed.length);
          return verifyAll(signed);
        },
        now: Date.now,
        log: createLog('silent'),
        relay: (message) => this.said.push(message),
        broadcast: (message) => this.shouted.push(message),
        onMove: () => undefined,
        onFinal: async () => undefined,
        onEvidence: (evidence) => this.evidence.push(evidence),
        onFork: (...fork) => this.forks.push(fork),
        ...(options.rest && { rest: options.rest }),
      },
    );
  }

  static async start(options: DecidingNodeOptions = {}): Promise<DecidingNode> {
    const chain = new TestChain(founders[0], options);
    const { validators, appHash } = await begin(chain.application);
    const set = ValidatorSet.of(validators);
    const store = new ChainStore(new MemoryStore());
    store.begin(appHash, [set, set.next()]);
    const node = new DecidingNode(chain, set, store, options);
    await node.deciding.start();
    return node;
  }

  /** Stops this node, and starts one on the same folder and store. */
  async restart(): Promise<DecidingNode> {
    await this.deciding.stop();
    const node = new DecidingNode(this.chain, this.set, this.store, this.#options, this.#folder);
    await node.deciding.start();
    return node;
  }

  async stop(): Promise<void> {
    await this.deciding.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A block at this node's height, as the proposer of the first round would make it of these transactions. */
  block(transactions: readonly Uint8Array[], change: Partial<Hashes> = {}): Block {
    const { height, previous, appHash, validators, nextValidators, lastCommit } = this.deciding.tip;
    const key = founders.find(
      ({ publicKey }) => Buffer.compare(publicKey, validators.proposer(0).key) === 0,
    )!;
    const beacon = proveBeacon(chainRecordOf(this.chain.store)!.beacon, key, curve);
    return makeBlock({
      chainId: this.chainId,
      height,
      time: Date.now() + height,
      previous,
      lastCommit,
      transactions: [beacon, ...transactions],
      validators: validators.hash,
      nextValidators: nextValidators.hash,
      appHash,
      proposer: key.publicKey,
      ...change,
    });
  }

  /** The block as the first round's proposer sends it. */
  proposalOf(block: Block, parts?: number): { proposal: Proposal; parts: readonly Part[] } {
    const cut = partsOf(encodeBlock(block));
    const { height, time, proposer } = block.header;
    const key = founders.find(({ publicKey }) => Buffer.compare(publicKey, proposer) === 0)!;
    const id = blockId(block.header);
    const unsigned = { height, round: 0, validRound: -1, block: id, partsRoot: cut.root, time };
    const proposal = signProposal(this.chainId, { ...unsigned, parts: parts ?? cut.total }, key);
    return { proposal, parts: cut.parts };
  }

  /** Lets this node hear of a block. */
  propose(block: Block): void {
    const { proposal, parts } = this.proposalOf(block);
    this.deciding.receive({ type: 'proposal', value: proposal });
    const { height } = block.header;
    const header = { root: proposal.partsRoot, total: proposal.parts };
    for (const part of parts) this.deciding.receive({ type: 'part', value: { height, ...header, part } });
  }

  /** What another validator votes. */
  voteOf(key: SigningKey, height: number, kind: 1 | 2, block: Uint8Array, round = 0): Vote {
    return signBallot(this.chainId, { height, round, kind, block }, this.set.placeOf(key.publicKey), key);
  }

  hear(vote: Vote): void {
    this.deciding.receive({ type: 'vote', value: vote });
  }

  /** What the three others decide. */
  commitOf(block: Block): Commit {
    const others = founders.filter((founder) => founder !== this.own);
    return commitOf(block, this.set, others, 0, this.chainId);
  }

  /** This node's own prevotes, `nil` or `block`. */
  get prevotes(): string[] {
    const place = this.set.placeOf(this.own.publicKey);
    return this.said.flatMap((message) =>
      message.type === 'vote' && message.value.validator === place && message.value.kind === PREVOTE
        ? [Buffer.compare(message.value.block, NIL) === 0 ? 'nil' : 'block']
        : [],
    );
  }

  /** Resolves with the first prevote. */
  async prevote(): Promise<string> {
    while (this.prevotes.length === 0 && !this.deciding.halted)
      await new Promise((resolve) => setTimeout(resolve, 5));
    return this.prevotes[0] ?? `none: ${this.deciding.problem}`;
  }
}
