import { BitorchError } from '#base';

type Code = 'BLOCK_INVALID' | 'COMMIT_INVALID' | 'EVIDENCE_INVALID' | 'VALIDATORS_INVALID' | 'PROOF_INVALID';

/** Refuses what a peer or a file said; `details` say which rule and with what numbers. */
export function refuse(code: Code, why: string, details: Record<string, unknown> = {}): never {
  throw new BitorchError(code, why, details);
}

/** As `refuse`, unless the rule holds. */
export function ensure(
  rule: boolean,
  code: Code,
  why: string,
  details: Record<string, unknown> = {},
): asserts rule {
  if (!rule) refuse(code, why, details);
}
