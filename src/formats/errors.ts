import { BitorchError, type ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const FORMATS_ERRORS = {
  FILE_CHANGED: [409, 'a file changed while it was read'],
  FORMAT_INVALID: [400, 'a file is damaged or not what it claims to be'],
  FORMAT_LIMIT: [400, 'a file goes on for longer than it is followed'],
  FORMAT_UNSUPPORTED: [400, 'a file is sound, but of a kind that cannot be run'],
  MODEL_NOT_FOUND: [404, 'there is no model at the place that was named'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    formats: typeof FORMATS_ERRORS;
  }
}

/** The bytes are not what their format says they are: damaged or hostile. */
export function invalid(what: string, details: Record<string, unknown> = {}): BitorchError {
  return new BitorchError('FORMAT_INVALID', `${what}: the file is damaged or not what it claims`, details);
}

/** The file is sound, but Bitorch cannot run what it holds. */
export function unsupported(what: string, details: Record<string, unknown> = {}): BitorchError {
  return new BitorchError('FORMAT_UNSUPPORTED', what, details);
}

/** What goes on for longer than it is followed: neither sound nor damaged as far as anybody can tell. */
export const beyondLimit = (message: string): BitorchError => new BitorchError('FORMAT_LIMIT', message);
