import { BitorchError, cleanText } from '#base';

/**
 * An error reported by a peer. It is always REMOTE_ERROR, with the peer's code and message in the details, so that no peer
 * can forge one of our own errors. `who` begins the message.
 */
export function remoteError(
  who: string,
  peer: string,
  error: { code?: unknown; message?: unknown },
): BitorchError {
  const code = /^[A-Z][A-Z0-9_]{0,63}$/.test(String(error.code)) ? String(error.code) : 'UNKNOWN';
  const message = cleanText(String(error.message), 1024);
  return new BitorchError('REMOTE_ERROR', `${who} answered ${code}: ${message}`, { peer, code, message });
}

/** The code that the peer gave; undefined for any other error. */
export const remoteCodeOf = (error: unknown): string | undefined =>
  error instanceof BitorchError && error.code === 'REMOTE_ERROR' ? (error.details.code as string) : undefined;
