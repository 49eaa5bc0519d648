import { BitorchError, codeOf } from '#base';
import { ValidatorSet, type VerifySignatures } from '../blocks/index.ts';
import { NIL } from '../constants.ts';
import type { LightBlock } from '../sync/messages.ts';
import { NOT_ENOUGH_TRUST, type Trust, type Trusted, verifyLight } from './verify.ts';

/** Where light blocks come from: a peer, or several. Undefined for a height that is not there. */
export type LightSource = (height: number) => Promise<LightBlock | undefined>;

export interface LightClientDependencies {
  readonly source: LightSource;
  readonly verify: VerifySignatures;
  readonly now: () => number;
}

/** Headers in between that are tried before one is given up. */
const MAX_STEPS = 200;

/**
 * Follows a chain by its headers: what a wallet of a light node trusts balances and proofs to. It begins with the genesis
 * set, or with a header that somebody trusts for other reasons.
 */
export class LightClient {
  readonly #trust: Trust;
  readonly #deps: LightClientDependencies;
  #trusted: Trusted;

  constructor(options: { trust: Trust; from: Trusted }, dependencies: LightClientDependencies) {
    this.#trust = options.trust;
    this.#trusted = options.from;
    this.#deps = dependencies;
  }

  /** What the genesis says: it vouches for later headers as one of its time does, in ms since epoch. */
  static genesis(powers: readonly { key: Uint8Array; power: number }[], time: number): Trusted {
    const nextValidators = ValidatorSet.of(powers);
    return { height: 0, time, id: NIL, appHash: new Uint8Array(), nextValidators };
  }

  get trusted(): Trusted {
    return this.#trusted;
  }

  /** The header of a later height, proven. Throws LIGHT_INVALID, LIGHT_MISSING. */
  async verifyTo(height: number): Promise<LightBlock> {
    let target = height;
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const light = await this.#get(target);
      const { verify } = this.#deps;
      try {
        this.#trusted = verifyLight(this.#trusted, light, this.#trust, { now: this.#deps.now(), verify });
        if (target === height) return light;
        target = height;
      } catch (error) {
        if (codeOf(error) !== NOT_ENOUGH_TRUST) throw error;
        target = this.#trusted.height + Math.max(1, (target - this.#trusted.height) >> 1);
      }
    }
    throw new BitorchError('LIGHT_INVALID', `height ${height} cannot be reached in ${MAX_STEPS} steps`);
  }

  async #get(height: number): Promise<LightBlock> {
    const light = await this.#deps.source(height);
    if (!light || light.header.height !== height)
      throw new BitorchError('LIGHT_MISSING', `nobody has the header of height ${height}`);
    return light;
  }
}
