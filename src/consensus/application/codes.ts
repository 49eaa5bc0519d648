import { codeOf, messageOf } from '#base';

/** Numbers for what the border answers with: 0 is good. A new code gets a new number: they are in results for ever. */
const CODES: Readonly<Record<string, number>> = {
  CODEC_INVALID: 1,
  TRANSACTION_INVALID: 2,
  BEACON_INVALID: 3,
  MEMPOOL_CONFLICT: 4,
  MEMPOOL_FULL: 5,
  VERIFIER_BUSY: 6,
  VERIFIER_STOPPED: 7,
  CHAIN_MISSING: 8,
  QUERY_INVALID: 9,
  MEMPOOL_KNOWN: 10,
};

export interface Refused {
  readonly code: number;
  readonly log: string;
}

export const ACCEPTED: Refused = { code: 0, log: '' };

/** The answer for an error that a stranger may cause; throws every other on. */
export function refusedFor(error: unknown): Refused {
  const code = CODES[codeOf(error)];
  if (code === undefined) throw error;
  return { code, log: `${codeOf(error)}: ${messageOf(error)}` };
}
