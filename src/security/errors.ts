import { BitorchError, type ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const SECURITY_ERRORS = {
  CLAMD_CLOSED: [502, 'clamd hung up'],
  CLAMD_INVALID: [502, 'clamd answered with something else'],
  CLAMD_TIMEOUT: [502, 'clamd does not answer'],
  CONVERT_REFUSED: [400, 'a checkpoint cannot become safetensors'],
  DOCUMENT_INVALID: [502, "a peer's report or ruleset is not the one that was asked for"],
  DOCUMENT_MISSING: [404, 'a peer does not have a report or ruleset'],
  REGEX_INVALID: [400, 'a pattern cannot be judged'],
  REPORT_INVALID: [400, 'a report is not the one that its hash names'],
  RULESET_CURRENT: [409, 'there is no newer ruleset'],
  RULESET_INVALID: [400, 'a ruleset is damaged, or not signed by a key that is trusted'],
  SANDBOX_FAILED: [500, 'the sandbox could not be started'],
  SANDBOX_UNAVAILABLE: [503, 'this machine has no sandbox'],
  SCAN_FAILED: [500, 'a file could not be scanned, so nothing is said of it'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    security: typeof SECURITY_ERRORS;
  }
}

/** The ruleset cannot be trusted or is not one. */
export const rulesetInvalid = (reason: string): BitorchError =>
  new BitorchError('RULESET_INVALID', `the ruleset cannot be used: ${reason}`);

/** The scanner could not do its work: nothing is said about the files. */
export const scanFailed = (reason: string, cause?: unknown): BitorchError =>
  new BitorchError('SCAN_FAILED', reason, {}, cause);

/** A checkpoint that cannot become safetensors. */
export const convertRefused = (reason: string, details: Record<string, unknown> = {}): BitorchError =>
  new BitorchError('CONVERT_REFUSED', `the checkpoint is not converted: ${reason}`, details);
