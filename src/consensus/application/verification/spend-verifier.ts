import { type Ledger, type OutputRecord, outputs, type Spend, type SpendRules } from '#ledger';
import type { ReadView } from '#store';

/** Checks what costs most: balance, ring signatures and range proofs of transactions. */
export interface SpendVerifier {
  /**
   * For each whether its proofs hold, its ring members being in the view; a function of these alone. Blocks go first,
   * however much waits for the pool.
   * @throws BitorchError `VERIFIER_BUSY`, `VERIFIER_STOPPED`: that is no verdict
   */
  verify(view: ReadView, spends: readonly Spend[], of: 'block' | 'pool'): Promise<boolean[]>;
  /** Whether the proofs of all spends of a proposed block hold; stops at the first that do not. Throws as `verify`. */
  allHold(view: ReadView, spends: readonly Spend[]): Promise<boolean>;
  stop(): Promise<void>;
}

/** What a thread needs of a spend: everything else it can work out. */
export interface SpendJob {
  readonly bytes: Uint8Array;
  readonly members: readonly (readonly [number: number, output: OutputRecord])[];
}

/** Undefined when a ring names an output that is not there. */
export function jobOf(view: ReadView, { transaction }: Spend): SpendJob | undefined {
  const members: [number, OutputRecord][] = [];
  for (const number of new Set(transaction.body.inputs.flatMap(({ ring }) => ring))) {
    const output = outputs.get(view, number);
    if (!output) return undefined;
    members.push([number, output]);
  }
  return { bytes: transaction.bytes, members };
}

/**
 * The verdicts of rules that are asked for all at once and, if that is a no, one by one. An error of any kind is a no: the
 * rules are a function of what they are given.
 */
export function verdictsOf(rules: SpendRules, view: ReadView, spends: readonly Spend[]): boolean[] {
  const hold = holds(rules, view, spends);
  return spends.map((spend) => hold || (spends.length > 1 && holds(rules, view, [spend])));
}

function holds(rules: SpendRules, view: ReadView, spends: readonly Spend[]): boolean {
  try {
    rules.verify(view, spends);
    return true;
  } catch {
    return false;
  }
}

/** In this thread, by the ledger's own rules. */
export const verifierHere = ({ spends: rules }: Pick<Ledger, 'spends'>): SpendVerifier => ({
  verify: async (view, spends) => verdictsOf(rules, view, spends),
  allHold: async (view, spends) => holds(rules, view, spends),
  stop: async () => undefined,
});
