import { BitorchError, codeOf } from '#base';

/** A transaction that no block may hold; `details` say which rule and with what numbers. */
export function refuse(why: string, details: Record<string, unknown> = {}): never {
  throw new BitorchError('TRANSACTION_INVALID', `transaction refused: ${why}`, details);
}

/** As `refuse`, unless the rule holds. */
export function ensure(rule: boolean, why: string, details: Record<string, unknown> = {}): asserts rule {
  if (!rule) refuse(why, details);
}

/** As `refuse`, of what is false whatever the state: only who sent it can have caused that. */
export const refuseForged = (why: string): never => refuse(why, { forged: true });

/** Whether a refusal is one of `refuseForged`. */
export const isForged = (error: unknown): boolean =>
  error instanceof BitorchError && error.details.forged === true;

/** The refusal that a step ends with, or undefined when it goes through; other errors are not ours to swallow. */
export function refusalOf(step: () => void): BitorchError | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'TRANSACTION_INVALID') return error as BitorchError;
    throw error;
  }
}
