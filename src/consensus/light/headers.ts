import { BitorchError, codeOf, equalBytes, type Logger, messageOf } from '#base';
import { blockId, type Commit, type ValidatorSet, type VerifySignatures } from '../blocks/index.ts';
import type { LightBlock } from '../sync/index.ts';
import { LightClient } from './client.ts';
import type { LightPeer } from './light-peer.ts';
import { type Trust, type Trusted, verifyLight } from './verify.ts';

/** Two final blocks of one height, and the validators that voted. */
export interface SeenFork {
  readonly ours: Commit;
  readonly theirs: Commit;
  readonly validators: ValidatorSet;
}

export interface HeadersDependencies {
  readonly verify: VerifySignatures;
  /** Milliseconds since epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Stores what is trusted from now on. */
  readonly keep: (trusted: Trusted) => void;
  readonly onFork: (fork: SeenFork) => void;
  /** Stops using a peer that has lied. */
  readonly drop: (peer: LightPeer, reason: unknown) => void;
}

/**
 * The headers of a chain as a wallet follows them: each is proven from the last one, then compared with what all
 * other known nodes report for the same height. Two proven headers of one height are a fork (Braithwaite et al., "A
 * Tendermint Light Client", arXiv 2010.07031, "attack detection").
 */
export class Headers {
  readonly #trust: Trust;
  readonly #deps: HeadersDependencies;
  #trusted: Trusted;
  #last: LightBlock | undefined;

  constructor(options: { trust: Trust; from: Trusted }, dependencies: HeadersDependencies) {
    this.#trust = options.trust;
    this.#trusted = options.from;
    this.#deps = dependencies;
  }

  /** Height of the last proven header. */
  get height(): number {
    return this.#trusted.height;
  }

  /**
   * The header of a height, proven by one node and contradicted by none of the others. Throws LIGHT_INVALID or
   * LIGHT_MISSING when it is not, TRUST_EXPIRED when the trusted header is too old, CHAIN_FORKED when two are
   * proven.
   */
  async prove(height: number, source: LightPeer, witnesses: readonly LightPeer[]): Promise<LightBlock> {
    if (this.#last?.header.height === height) return this.#last;
    const { light, trusted } = await this.#follow(height, source);
    await Promise.all(witnesses.map((witness) => this.#compare(light, source, witness)));
    this.#trusted = trusted;
    this.#last = light;
    this.#deps.keep(trusted);
    return light;
  }

  async #follow(height: number, source: LightPeer): Promise<{ light: LightBlock; trusted: Trusted }> {
    const { verify, now } = this.#deps;
    const client = new LightClient(
      { trust: this.#trust, from: this.#trusted },
      { source: (of) => source.light(of), verify, now },
    );
    const light = await client.verifyTo(height);
    return { light, trusted: client.trusted };
  }

  /**
   * A witness that is gone is ignored. If it reports another header, it is wrong, or the source is, or both are
   * right: a fork.
   */
  async #compare(light: LightBlock, source: LightPeer, witness: LightPeer): Promise<void> {
    const other = await this.#headerOf(witness, light.header.height);
    const height = other?.header.height ?? 0;
    if (!other || height <= this.#trusted.height) return;
    const own = height === light.header.height ? light : await source.light(height);
    if (own && isSame(own, other)) return;
    const { same, ours, theirs } = await this.#firstDifference(height, source, witness);
    const [mine, its] = [this.#follows(same, ours), this.#follows(same, theirs)];
    if (!its) this.#deps.drop(witness, invalid('the validators have not decided it'));
    if (!mine) throw invalid('another node has proven a different one');
    if (!its) return;
    const fork = { ours: ours!.commit, theirs: theirs!.commit, validators: ours!.validators };
    this.#deps.onFork(fork);
    throw new BitorchError(
      'CHAIN_FORKED',
      `two final blocks of height ${ours!.header.height}: the chain has forked, and nothing on it is certain any more. ` +
        'Run "bitorch chain blame" to see who is responsible',
    );
  }

  /** The witness's header of a height, or its last one when that is earlier. */
  async #headerOf(witness: LightPeer, height: number): Promise<LightBlock | undefined> {
    try {
      const other = (await witness.light(height)) ?? (await witness.light(0));
      return other && other.header.height <= height ? other : undefined;
    } catch (error) {
      this.#deps.log.debug({ witness: witness.id, error: messageOf(error) }, 'no answer from a witness');
      return undefined;
    }
  }

  /** The last trusted header before the first height at which the two differ, and their headers there. */
  async #firstDifference(height: number, source: LightPeer, witness: LightPeer) {
    const ask = (peer: LightPeer, of: number) => peer.light(of).catch(() => undefined);
    const both = (of: number) => Promise.all([ask(source, of), ask(witness, of)]);
    let [low, high] = [this.#trusted.height, height];
    let [ours, theirs] = await both(high);
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const [a, b] = await both(middle);
      if (a && b && isSame(a, b)) low = middle;
      else [high, ours, theirs] = [middle, a, b];
    }
    const same = low === this.#trusted.height ? this.#trusted : (await this.#follow(low, source)).trusted;
    return { same, ours, theirs };
  }

  /** Whether a header is proven as the direct successor. */
  #follows(trusted: Trusted, light: LightBlock | undefined): boolean {
    if (light?.header.height !== trusted.height + 1) return false;
    const { verify, now } = this.#deps;
    try {
      verifyLight(trusted, light, this.#trust, { now: now(), verify });
      return true;
    } catch (error) {
      if (codeOf(error) !== 'LIGHT_INVALID') throw error;
      return false;
    }
  }
}

const invalid = (why: string): BitorchError =>
  new BitorchError('LIGHT_INVALID', `not a proven header: ${why}`);

const isSame = (a: LightBlock, b: LightBlock): boolean => equalBytes(blockId(a.header), blockId(b.header));
