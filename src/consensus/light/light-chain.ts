import { setTimeout as delay } from 'node:timers/promises';
import { BitorchError, codeOf, type Logger, messageOf } from '#base';
import {
  type ChainStatus,
  doubtful,
  type OutputRecord,
  SENT,
  type SpendRecord,
  type Submission,
  type TotalsPage,
  type WalletChain,
} from '#ledger';
import { ask, errorOf, type Moment, type Roots, secondsEach, verifyRoots } from '../application/index.ts';
import type { VerifySignatures } from '../blocks/index.ts';
import type { LightBlock } from '../sync/index.ts';
import { Headers, type SeenFork } from './headers.ts';
import type { LightPeer } from './light-peer.ts';
import { provenOutputs, provenOutputsAt, provenSpends } from './proven.ts';
import { besides, ClaimedTotals, type Edge, requireEdges } from './totals.ts';
import type { Trust, Trusted } from './verify.ts';

export interface LightChainOptions {
  readonly trust: Trust;
  readonly from: Trusted;
  /** A last block older than this means that the nodes are behind, or hide what came after. */
  readonly maxAgeMs?: number;
  /** Time of the genesis, ms since epoch. */
  readonly began?: number;
}

export interface LightChainDependencies {
  /** Nodes to ask, those that can be reached now. */
  readonly peers: () => Promise<readonly LightPeer[]>;
  readonly verify: VerifySignatures;
  /** Milliseconds since epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Keeps what is trusted from now on. */
  readonly keep: (trusted: Trusted) => void;
  readonly onFork: (fork: SeenFork) => void;
}

const MAX_AGE_MS = 120_000;
/** The state after a block is proven by the header of the next one: how long that is waited for. */
const NEXT_HEADER_MS = 20_000;
const NEXT_HEADER_PAUSE_MS = 150;

/** The pace of a chain is measured over so many blocks at least, where they are known. */
const MEASURED_BLOCKS = 1_000;

/** What makes a node one that lies; anything else only means that it cannot answer. */
const LIES = new Set(['LIGHT_INVALID', 'CODEC_INVALID', 'CHAIN_INVALID']);
/** What no other node can put right. */
const FINAL = new Set(['TRUST_EXPIRED', 'CHAIN_FORKED']);

/**
 * A chain as a wallet asks for it, out of nodes of which none is believed: the state's root comes from a header that is
 * proven from the genesis on, and every output and spend from a proof that it is under that root. So a node can refuse to
 * answer, but it can neither show money that is not there nor leave out what is. Whoever answers learns no more than from any
 * other wallet: all outputs, all spends, and whole rings are asked for. One wallet at a time, one thing at a time.
 */
export class LightChain implements WalletChain {
  readonly #options: LightChainOptions;
  readonly #deps: LightChainDependencies;
  readonly #headers: Headers;
  readonly #liars = new Map<string, unknown>();
  #roots: Roots | undefined;
  #totals: ClaimedTotals | undefined;

  constructor(options: LightChainOptions, dependencies: LightChainDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    const drop = (peer: LightPeer, reason: unknown) => this.#drop(peer, reason);
    this.#headers = new Headers(options, { ...dependencies, drop });
  }

  /** Nodes that have lied, and how it showed. */
  get liars(): ReadonlyMap<string, unknown> {
    return this.#liars;
  }

  /**
   * The last state that a header proves, of whichever node has the most blocks.
   *
   * @throws BitorchError NODE_MISSING, CHAIN_STALE, TRUST_EXPIRED, CHAIN_FORKED, LIGHT_INVALID when all nodes lie
   */
  async status(): Promise<ChainStatus> {
    const offers = await this.#offers();
    let failure: unknown;
    for (const { peer, roots } of offers) {
      try {
        const { header } = await this.#prove(peer, roots, offers);
        this.#roots = roots;
        return { ...roots, blockSeconds: secondsEach(this.#momentBefore(header.height), header) };
      } catch (error) {
        this.#blame(peer, error);
        failure = error;
      }
    }
    throw failure;
  }

  async outputs(from: number, to: number): Promise<readonly OutputRecord[]> {
    const roots = await this.#known();
    return this.#ask((peer) => provenOutputs(peer, { from, to, count: roots.outputs }, roots));
  }

  async spends(from: number, to: number): Promise<readonly SpendRecord[]> {
    const roots = await this.#known();
    return this.#ask((peer) => provenSpends(peer, { from, to, count: roots.spends }, roots));
  }

  /** Members of rings, with proofs that the edges they were drawn by are where some node has once said. */
  async outputsAt(numbers: readonly number[], edges: readonly Edge[] = []): Promise<readonly OutputRecord[]> {
    const roots = await this.#known();
    const asked = [...new Set([...numbers, ...edges.flatMap((edge) => besides(edge, roots))])];
    const found = await this.#ask((peer) => provenOutputsAt(peer, asked, roots));
    try {
      requireEdges(edges, found);
    } catch (error) {
      if (this.#totals) this.#drop(this.#totals.peer, error);
      throw error;
    }
    return numbers.map((number) => found.get(number)!);
  }

  async totals(from: number): Promise<TotalsPage> {
    const roots = await this.#known();
    return this.#ask(async (peer) => {
      const page = await ask(peer, '/totals', { from });
      const before = this.#totals;
      const goesOn = before?.peer.id === peer.id && before.next === from;
      const claimed = goesOn ? before : new ClaimedTotals(peer, from, page.before, roots);
      const shown = claimed.add(page);
      const { edges } = claimed;
      requireEdges(
        edges,
        await provenOutputsAt(
          peer,
          edges.flatMap((edge) => besides(edge, roots)),
          roots,
        ),
      );
      this.#totals = claimed;
      return shown;
    });
  }

  /**
   * Hands a transaction to every node that can be reached. What none takes is pending, whatever they say: whoever refuses
   * it may still bring it into a block.
   */
  async submit(transaction: Uint8Array): Promise<Submission> {
    const peers = await this.#honest();
    const refusals = await Promise.all(peers.map((peer) => refusalOf(peer, transaction)));
    const [first] = refusals;
    if (refusals.some((refusal) => refusal === undefined)) return SENT;
    const why = [...new Set(refusals.map((refusal) => refusal!.message))].join('; ');
    return doubtful({ code: first!.code, message: `no node takes it (${why})` });
  }

  /** What each node says that the state is, the one with the most blocks first. */
  async #offers(): Promise<{ peer: LightPeer; roots: Roots }[]> {
    const peers = await this.#honest();
    const answers = await Promise.allSettled(peers.map((peer) => ask(peer, '/roots', {})));
    const offers = answers.flatMap((answer, i) => {
      if (answer.status === 'fulfilled') return [{ peer: peers[i]!, roots: answer.value }];
      this.#blame(peers[i]!, answer.reason);
      return [];
    });
    if (offers.length === 0) throw (answers[0] as PromiseRejectedResult).reason;
    return offers.sort((a, b) => b.roots.height - a.roots.height);
  }

  async #prove(peer: LightPeer, roots: Roots, all: readonly { peer: LightPeer }[]): Promise<LightBlock> {
    const { height } = roots;
    if (height + 1 < this.#headers.height)
      throw new BitorchError('CHAIN_BEHIND', `the node is at block ${height}, behind what is proven`);
    await this.#nextHeader(peer, height + 1);
    const witnesses = all.map((one) => one.peer).filter((one) => one !== peer && !this.#liars.has(one.id));
    const light = await this.#headers.prove(height + 1, peer, witnesses);
    const { header } = light;
    if (!verifyRoots(header.appHash, roots))
      throw new BitorchError('LIGHT_INVALID', `the state is not the one that block ${height + 1} names`);
    const age = this.#deps.now() - header.time;
    if (age > (this.#options.maxAgeMs ?? MAX_AGE_MS)) throw stale(height + 1, header.time);
    return light;
  }

  async #nextHeader(peer: LightPeer, height: number): Promise<void> {
    const until = performance.now() + NEXT_HEADER_MS;
    while (this.#headers.height < height && !(await peer.light(height))) {
      if (performance.now() > until)
        throw new BitorchError(
          'CHAIN_STALE',
          `no block has come after ${height - 1} in ${NEXT_HEADER_MS / 1000} s: the chain stands still, or the node hides it`,
        );
      await delay(NEXT_HEADER_PAUSE_MS);
    }
  }

  /** What the pace of the chain is measured from: what was trusted first here, or the genesis if that is too near. */
  #momentBefore(height: number): Moment {
    const { from, began } = this.#options;
    return height - from.height >= MEASURED_BLOCKS ? from : { height: 0, time: began ?? from.time };
  }

  /** The state that is asked about. */
  async #known(): Promise<Roots> {
    if (!this.#roots) await this.status();
    return this.#roots!;
  }

  /** The first good answer. Throws the last failure when there is none. */
  async #ask<T>(question: (peer: LightPeer) => Promise<T>): Promise<T> {
    let failure: unknown;
    for (const peer of await this.#honest()) {
      try {
        return await question(peer);
      } catch (error) {
        this.#blame(peer, error);
        failure = error;
      }
    }
    throw failure;
  }

  async #honest(): Promise<LightPeer[]> {
    const peers = await this.#deps.peers();
    const honest = peers.filter(({ id }) => !this.#liars.has(id));
    if (honest.length > 0) return honest;
    const [reason] = this.#liars.values();
    throw reason ?? new BitorchError('NODE_MISSING', 'no node of the chain can be reached: name others');
  }

  #blame(peer: LightPeer, error: unknown): void {
    if (FINAL.has(codeOf(error))) throw error;
    if (LIES.has(codeOf(error))) this.#drop(peer, error);
    else this.#deps.log.debug({ peer: peer.id, error: messageOf(error) }, 'no answer');
  }

  #drop(peer: LightPeer, reason: unknown): void {
    if (this.#liars.has(peer.id)) return;
    this.#liars.set(peer.id, reason);
    this.#deps.log.warn(
      { peer: peer.id, reason: messageOf(reason) },
      'this node lies: it is not asked again',
    );
    peer.close();
  }
}

/** What a node does not take the transaction for; undefined when it does. */
async function refusalOf(
  peer: LightPeer,
  bytes: Uint8Array,
): Promise<{ code: string; message: string } | undefined> {
  try {
    const answer = await peer.checkTx({ bytes });
    return answer.code === 0 ? undefined : errorOf(answer);
  } catch (error) {
    return { code: codeOf(error), message: messageOf(error) };
  }
}

const stale = (height: number, time: number): BitorchError =>
  new BitorchError(
    'CHAIN_STALE',
    `the last block that the node shows, ${height}, is of ${new Date(time).toISOString()}: the node is behind or hides what ` +
      'came after. Ask another one, and look at the clock of this machine',
  );
