import { BitorchError } from '#base';

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
