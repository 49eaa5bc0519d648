import {
  type Equivocation,
  encode,
  equivocationCodec,
  isProven,
  type Ledger,
  noteProven,
  type OutputRecord,
  outputs,
  type Spend,
  type SpendRules,
} from '#ledger';
import type { ReadView } from '#store';

/** Verifies the expensive part of transactions: balance, ring signatures, range proofs, and signatures of evidence. */
export interface SpendVerifier {
  /**
   * For each spend, whether its proofs hold with the ring members in the view; a function of these only. Blocks
   * take precedence over the pool. Throws VERIFIER_BUSY or VERIFIER_STOPPED when there is no verdict.
   */
  verify(view: ReadView, spends: readonly Spend[], of: 'block' | 'pool'): Promise<boolean[]>;
  /**
   * Whether the proofs of all spends of a proposed block hold; stops at the first that does not. Throws as
   * `verify`.
   */
  allHold(view: ReadView, spends: readonly Spend[]): Promise<boolean>;
  /** `isProven` of evidence. Blocks take precedence over the pool. Throws as `verify`. */
  evidenceHolds(evidence: Equivocation, chainId: Uint8Array, of: 'block' | 'pool'): Promise<boolean>;
  stop(): Promise<void>;
}

/** Whether evidence whose verification was deferred holds; stops at the first that does not. Throws as `verify`. */
export async function allProven(
  unproven: readonly Equivocation[],
  chainId: Uint8Array,
  verifier: SpendVerifier,
  of: 'block' | 'pool',
): Promise<boolean> {
  for (const evidence of unproven) {
    if (!(await verifier.evidenceHolds(evidence, chainId, of))) return false;
    noteProven(evidence, chainId);
  }
  return true;
}

/** What a thread needs of a spend; it derives the rest. */
export interface SpendJob {
  readonly bytes: Uint8Array;
  readonly members: readonly (readonly [number: number, output: OutputRecord])[];
}

/** What a thread needs of evidence, encoded. */
export interface EvidenceJob {
  readonly evidence: Uint8Array;
  readonly chainId: Uint8Array;
}

export const evidenceJobOf = (evidence: Equivocation, chainId: Uint8Array): EvidenceJob => ({
  evidence: encode(equivocationCodec, evidence),
  chainId,
});

/** Undefined when a ring names an output that does not exist. */
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
 * Verifies all spends in one batch and, if that fails, one by one. Any error counts as a failure: the rules are a
 * function of their input.
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

/** Verifies in this thread, with the ledger's own rules. */
export const verifierHere = ({ spends: rules }: Pick<Ledger, 'spends'>): SpendVerifier => ({
  verify: async (view, spends) => verdictsOf(rules, view, spends),
  allHold: async (view, spends) => holds(rules, view, spends),
  evidenceHolds: async (evidence, chainId) => isProven(evidence, chainId),
  stop: async () => undefined,
});
