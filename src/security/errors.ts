import { BitorchError, type ErrorTable } from '#base';

/** Error codes of this module: HTTP status, meaning, and exit code if it is not 1. */
export const SECURITY_ERRORS = {
  CLAMD_CLOSED: [502, 'clamd closed the connection without a reply'],
  CLAMD_INVALID: [502, 'clamd sent a malformed reply'],
  CLAMD_TIMEOUT: [502, 'clamd did not reply in time'],
  CONVERT_REFUSED: [400, 'a checkpoint cannot be converted to safetensors'],
  DOCUMENT_INVALID: [502, "a peer's report or ruleset is not the one requested"],
  DOCUMENT_MISSING: [404, 'a peer does not have a report or ruleset'],
  REGEX_INVALID: [400, 'a pattern cannot be analysed'],
  REPORT_INVALID: [400, 'a report does not match its hash'],
  RULESET_CURRENT: [409, 'there is no newer ruleset'],
  RULESET_INVALID: [400, 'a ruleset is damaged or not signed by a trusted key'],
  SANDBOX_FAILED: [500, 'the sandbox could not be started'],
  SANDBOX_UNAVAILABLE: [503, 'this machine has no sandbox'],
  SCAN_FAILED: [500, 'a file could not be scanned, so nothing is concluded about it'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    security: typeof SECURITY_ERRORS;
  }
}

/** The error RULESET_INVALID: a ruleset is malformed or not trusted. */
export const rulesetInvalid = (reason: string): BitorchError =>
  new BitorchError('RULESET_INVALID', `the ruleset cannot be used: ${reason}`);

/** The error SCAN_FAILED: the scanner failed, so nothing is concluded about the files. */
export const scanFailed = (reason: string, cause?: unknown): BitorchError =>
  new BitorchError('SCAN_FAILED', reason, {}, cause);

/** The error CONVERT_REFUSED: a checkpoint cannot be converted to safetensors. */
export const convertRefused = (reason: string, details: Record<string, unknown> = {}): BitorchError =>
  new BitorchError('CONVERT_REFUSED', `the checkpoint cannot be converted: ${reason}`, details);
