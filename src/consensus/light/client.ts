import { BitorchError, codeOf } from '#base';
import { ValidatorSet, type VerifySignatures } from '../blocks/index.ts';
import { NIL } from '../constants.ts';
import type { LightBlock } from '../sync/index.ts';
import { NOT_ENOUGH_TRUST, type Trust, type Trusted, verifyLight } from './verify.ts';

/** A source of light blocks: one or several peers. Undefined when the height is not available. */
export type LightSource = (height: number) => Promise<LightBlock | undefined>;

export interface LightClientDependencies {
  readonly source: LightSource;
  readonly verify: VerifySignatures;
  readonly now: () => number;
}

/** Most intermediate headers tried before giving up. */
const MAX_STEPS = 200;

/**
 * Follows a chain by its headers, against which the wallet of a light node checks balances and proofs. Starts from
 * the set of the genesis, or from a trusted header.
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

  /** Trust in the genesis: it vouches for later headers like a header of its time (ms since epoch). */
  static genesis(powers: readonly { key: Uint8Array; power: number }[], time: number): Trusted {
    const nextValidators = ValidatorSet.of(powers);
    return { height: 0, time, id: NIL, appHash: new Uint8Array(), nextValidators };
  }

  get trusted(): Trusted {
    return this.#trusted;
  }

  /**
   * The proven header of a later height. Throws LIGHT_INVALID when it cannot be proven, LIGHT_MISSING when no node
   * has it.
   */
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
    throw new BitorchError('LIGHT_INVALID', `height ${height} cannot be proven in ${MAX_STEPS} steps`);
  }

  async #get(height: number): Promise<LightBlock> {
    const light = await this.#deps.source(height);
    if (!light || light.header.height !== height)
      throw new BitorchError('LIGHT_MISSING', `no node has the header of height ${height}`);
    return light;
  }
}
