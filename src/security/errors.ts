import { BitorchError } from '#base';

/** The ruleset cannot be trusted or is not one. */
export const rulesetInvalid = (reason: string): BitorchError =>
  new BitorchError('RULESET_INVALID', `the ruleset cannot be used: ${reason}`);

/** The scanner could not do its work: nothing is said about the files. */
export const scanFailed = (reason: string, cause?: unknown): BitorchError =>
  new BitorchError('SCAN_FAILED', reason, {}, cause);

/** A checkpoint that cannot become safetensors. */
export const convertRefused = (reason: string, details: Record<string, unknown> = {}): BitorchError =>
  new BitorchError('CONVERT_REFUSED', `the checkpoint is not converted: ${reason}`, details);
