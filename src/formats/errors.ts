import { BitorchError, type ErrorTable } from '#base';

/** Error codes of this folder: HTTP status, meaning, and the exit code where it is not 1. */
export const FORMATS_ERRORS = {
  FILE_CHANGED: [409, 'a file changed while it was being read'],
  FORMAT_INVALID: [400, 'a file is damaged or does not match its format'],
  FORMAT_LIMIT: [400, 'a file exceeds the limits of the parser'],
  FORMAT_UNSUPPORTED: [400, 'a file is valid, but its contents are not supported'],
  MODEL_NOT_FOUND: [404, 'no model was found at this path'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    formats: typeof FORMATS_ERRORS;
  }
}

/** FORMAT_INVALID: the bytes violate their format; the file is damaged or hostile. */
export function invalid(what: string, details: Record<string, unknown> = {}): BitorchError {
  return new BitorchError('FORMAT_INVALID', `${what}: the file is damaged or not what it claims`, details);
}

/** FORMAT_UNSUPPORTED: the file is valid, but Bitorch does not support its contents. */
export function unsupported(what: string, details: Record<string, unknown> = {}): BitorchError {
  return new BitorchError('FORMAT_UNSUPPORTED', what, details);
}

/** FORMAT_LIMIT: the file exceeds the limits of the parser, so it is unknown whether it is valid. */
export const beyondLimit = (message: string): BitorchError => new BitorchError('FORMAT_LIMIT', message);
