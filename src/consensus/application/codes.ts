import { BitorchError, codeOf, messageOf } from '#base';

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
  TRANSACTION_EXPIRED: 11,
  FEE_TOO_LOW: 12,
  OUTPUT_SPENT: 13,
  PROOFS_INVALID: 14,
  POOL_BUSY: 15,
  READER_STOPPED: 16,
};
const NAMES = new Map(Object.entries(CODES).map(([name, code]) => [code, name]));

/** What is wrong with the bytes themselves, on every node and at every height: only whoever sent them caused it. */
const OFFENCES: ReadonlySet<number> = new Set([CODES.CODEC_INVALID!, CODES.PROOFS_INVALID!]);

export interface Refused {
  readonly code: number;
  /** For people: what was wrong. */
  readonly log: string;
}

export const ACCEPTED: Refused = { code: 0, log: '' };

/** The answer for an error that a stranger may cause; throws every other on. */
export function refusedFor(error: unknown): Refused {
  const code = CODES[codeOf(error)];
  if (code === undefined) throw error;
  return { code, log: messageOf(error) };
}

/** Whether an error has a number: whoever asked is told. */
export const isAnswer = (error: unknown): boolean => CODES[codeOf(error)] !== undefined;

/** What fails for want of a thread or of the disk: it says nothing about what was worked on. */
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
 * The refusal that an error in reading or carrying out somebody's transaction or block is, whatever kind of error it is: who
 * wrote the bytes has caused it. Throws failures of this machine on.
 */
export function verdictOn(error: unknown): Refused {
  if (isOurs(error)) throw error;
  if (isAnswer(error)) return refusedFor(error);
  return { code: CODES.TRANSACTION_INVALID!, log: messageOf(error) };
}

/** What comes of work on somebody's bytes; undefined where it fails on them. Throws failures of this machine. */
export function verdictOf<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    verdictOn(error);
    return undefined;
  }
}

/** The error that a refusal was made of, on the other side of the border. An unknown code is `UNKNOWN`. */
export const errorOf = ({ code, log }: Refused): BitorchError =>
  BitorchError.relayed(NAMES.get(code) ?? 'UNKNOWN', log || `refused with the code ${code}`);

/** Whether the sender alone can have caused the refusal: conflicts, fees, expiries and full pools befall everybody. */
export const isOffence = (code: number): boolean => OFFENCES.has(code);
