import { BitorchError, codeOf, type Logger, messageOf, pause } from '#base';
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
import { ClaimedTotals, type Edge, outputsBeside, requireEdges } from './totals.ts';
import type { Trust, Trusted } from './verify.ts';

export interface LightChainOptions {
  readonly trust: Trust;
  readonly from: Trusted;
  /** Age of the last block, in ms, above which the nodes are considered behind, or hiding newer blocks. */
  readonly maxAgeMs?: number;
  /** Time of the genesis, ms since epoch. */
  readonly began?: number;
}

export interface LightChainDependencies {
  /** The nodes that are reachable now. */
  readonly peers: () => Promise<readonly LightPeer[]>;
  readonly verify: VerifySignatures;
  /** Milliseconds since epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Stores what is trusted from now on. */
  readonly keep: (trusted: Trusted) => void;
  readonly onFork: (fork: SeenFork) => void;
}

const MAX_AGE_MS = 120_000;
/**
 * How long to wait for the next header, in ms: it proves the state after a block. An idle chain may rest for 15 s, and its next
 * proposer may be absent.
 */
const NEXT_HEADER_MS = 30_000;
const NEXT_HEADER_PAUSE_MS = 150;

/** Block time is measured over at least this many blocks, if known. */
const MEASURED_BLOCKS = 1_000;

/** Errors that show that a node lies; all others mean only that it cannot answer. */
const LIES = new Set(['LIGHT_INVALID', 'CODEC_INVALID', 'CHAIN_INVALID']);
/** Errors that no other node can resolve. */
const FINAL = new Set(['TRUST_EXPIRED', 'CHAIN_FORKED', 'CLOCK_BEHIND']);

/**
 * A chain as a wallet queries it, from nodes that are not trusted. The state's root comes from a header proven from
 * the genesis on, and every output and spend from a proof under that root. So a node can refuse to answer, but can
 * neither invent nor hide money. All wallets send the same queries (all outputs, all spends, whole rings), so they
 * reveal nothing. One wallet and one query at a time.
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

  /** Nodes that have lied, with the error that showed it. */
  get liars(): ReadonlyMap<string, unknown> {
    return this.#liars;
  }

  /**
   * The last state that a header proves, from the node with the most blocks. Throws NODE_MISSING when no node
   * answers, CHAIN_STALE when the last block is too old, TRUST_EXPIRED when the trusted header is, CLOCK_BEHIND when
   * the clock of this machine is, CHAIN_FORKED when a fork is found, LIGHT_INVALID when all nodes lie.
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

  /** Ring members, with proofs that the edges used to draw them are where a node claimed. */
  async outputsAt(numbers: readonly number[], edges: readonly Edge[] = []): Promise<readonly OutputRecord[]> {
    const roots = await this.#known();
    const asked = [...new Set([...numbers, ...edges.flatMap((edge) => outputsBeside(edge, roots))])];
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
          edges.flatMap((edge) => outputsBeside(edge, roots)),
          roots,
        ),
      );
      this.#totals = claimed;
      return shown;
    });
  }

  /**
   * Submits a transaction to every reachable node. If none accepts it, it counts as pending, whatever they answer:
   * a node that refuses it may still put it into a block.
   */
  async submit(transaction: Uint8Array): Promise<Submission> {
    const peers = await this.#honest();
    const refusals = await Promise.all(peers.map((peer) => refusalOf(peer, transaction)));
    const [first] = refusals;
    if (refusals.some((refusal) => refusal === undefined)) return SENT;
    const why = [...new Set(refusals.map((refusal) => refusal!.message))].join('; ');
    return doubtful({ code: first!.code, message: `no node accepts it (${why})` });
  }

  /** What each node reports as the state, the one with the most blocks first. */
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
      throw new BitorchError('CHAIN_BEHIND', `the node is at block ${height}, behind the proven height`);
    await this.#nextHeader(peer, height + 1);
    const witnesses = all.map((one) => one.peer).filter((one) => one !== peer && !this.#liars.has(one.id));
    const light = await this.#headers.prove(height + 1, peer, witnesses);
    const { header } = light;
    if (!verifyRoots(header.appHash, roots))
      throw new BitorchError('LIGHT_INVALID', `the state does not match the app hash in block ${height + 1}`);
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
          `no block after ${height - 1} within ${NEXT_HEADER_MS / 1000} s: the chain has stopped, or the node hides it`,
        );
      await pause(NEXT_HEADER_PAUSE_MS);
    }
  }

  /**
   * Start of the block time measurement: the first header trusted on this node, or the genesis if that is too
   * recent.
   */
  #momentBefore(height: number): Moment {
    const { from, began } = this.#options;
    return height - from.height >= MEASURED_BLOCKS ? from : { height: 0, time: began ?? from.time };
  }

  /** The state that queries refer to. */
  async #known(): Promise<Roots> {
    if (!this.#roots) await this.status();
    return this.#roots!;
  }

  /** The first valid answer. Rethrows the last error when there is none. */
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
    throw reason ?? new BitorchError('NODE_MISSING', 'no node of the chain is reachable: configure others');
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
      'the node sent false data and is not asked again',
    );
    peer.close();
  }
}

/** Why a node refuses the transaction; undefined when it accepts it. */
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
    `the node's last block, ${height}, is of ${new Date(time).toISOString()}: the node is behind or hides newer blocks. ` +
      'Ask another node, and check the clock of this machine',
  );
