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

/** The verdicts of rules that are asked for all at once and, if that is a no, one by one. */
export function verdictsOf(rules: SpendRules, view: ReadView, spends: readonly Spend[]): boolean[] {
  const hold = (some: readonly Spend[]): boolean => {
    try {
      rules.verify(view, some);
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'TRANSACTION_INVALID') return false;
      throw error;
    }
  };
  return hold(spends) ? spends.map(() => true) : spends.map((spend) => hold([spend]));
}

/** In this thread, by the ledger's own rules. */
export const verifierHere = ({ spends: rules }: Pick<Ledger, 'spends'>): SpendVerifier => ({
  verify: async (view, spends) => verdictsOf(rules, view, spends),
  stop: async () => undefined,
});
