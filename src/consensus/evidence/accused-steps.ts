import { dropOldest, toHex } from '#base';
import { type Equivocation, offendersOf } from '#ledger';
import type { Vote } from '../blocks/index.ts';

type Step = Pick<Vote, 'height' | 'round' | 'kind'>;

/** Steps remembered. */
const MAX_STEPS = 10_000;

/** The steps in which validators have been accused, so that each offence is reported once. */
export class AccusedSteps {
  readonly #names = new Set<string>();

  has(step: Step, signer: Uint8Array): boolean {
    return this.#names.has(nameOf(step, signer));
  }

  /** False when all offenders were accused of this step before. */
  add(evidence: Equivocation): boolean {
    const fresh = offendersOf(evidence)
      .map((key) => nameOf(evidence, key))
      .filter((name) => !this.#names.has(name));
    for (const name of fresh) this.#names.add(name);
    dropOldest(this.#names, MAX_STEPS);
    return fresh.length > 0;
  }
}

const nameOf = ({ height, round, kind }: Step, signer: Uint8Array): string =>
  `${height}/${round}/${kind}/${toHex(signer)}`;
