import { BitorchError, codeOf, messageOf } from '#base';

/**
 * Numeric codes of the application interface; 0 is success. A new code gets a new number: results on the chain
 * contain them.
 */
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
  TRANSACTION_EXPIRED: 11,
  FEE_TOO_LOW: 12,
  OUTPUT_SPENT: 13,
  PROOFS_INVALID: 14,
  POOL_BUSY: 15,
  READER_STOPPED: 16,
};
const NAMES = new Map(Object.entries(CODES).map(([name, code]) => [code, name]));

/** Faults of the bytes themselves, on every node and at every height: only the sender can have caused them. */
const OFFENCES: ReadonlySet<number> = new Set([CODES.CODEC_INVALID!, CODES.PROOFS_INVALID!]);

export interface Refused {
  readonly code: number;
  /** Human-readable reason. */
  readonly log: string;
}

export const ACCEPTED: Refused = { code: 0, log: '' };

/** The response to an error that a peer's input may cause; rethrows any other. */
export function refusedFor(error: unknown): Refused {
  const code = CODES[codeOf(error)];
  if (code === undefined) throw error;
  return { code, log: messageOf(error) };
}

/** Whether an error has a code and is reported to the caller. */
export const isAnswer = (error: unknown): boolean => CODES[codeOf(error)] !== undefined;

/** Failures of a thread or the disk, which say nothing about the input. */
const OURS = new Set([
  'VERIFIER_BUSY',
  'VERIFIER_STOPPED',
  'DISK_FULL',
  'STORE_UNREADABLE',
  'CHAIN_MISSING',
  'KEY_MISSING',
]);

const isOurs = (error: unknown): boolean =>
  OURS.has(codeOf(error)) || (error instanceof Error && 'syscall' in error);

/**
 * The refusal for an error raised while reading or executing a transaction or block, whatever the error's type: the
 * author of the bytes caused it. Rethrows failures of this machine.
 */
export function verdictOn(error: unknown): Refused {
  if (isOurs(error)) throw error;
  if (isAnswer(error)) return refusedFor(error);
  return { code: CODES.TRANSACTION_INVALID!, log: messageOf(error) };
}

/**
 * The result of work on a peer's bytes; undefined when the bytes are at fault. Rethrows failures of this machine.
 */
export function verdictOf<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    verdictOn(error);
    return undefined;
  }
}

/** Restores the error from a refusal received over the interface. An unknown code becomes `UNKNOWN`. */
export const errorOf = ({ code, log }: Refused): BitorchError =>
  BitorchError.relayed(NAMES.get(code) ?? 'UNKNOWN', log || `refused with code ${code}`);

/**
 * Whether only the sender can have caused the refusal: conflicts, fees, expiries and full pools can happen to
 * anybody.
 */
export const isOffence = (code: number): boolean => OFFENCES.has(code);
