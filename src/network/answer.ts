import { BitorchError } from '#base';
import { remoteError } from './remote-error.ts';

/** Runs a handler and encodes its result or error for the peer; details of internal errors are withheld. */
export async function wrap(answer: () => Promise<unknown>): Promise<unknown> {
  try {
    return { ok: await answer() };
  } catch (error) {
    const known = error instanceof BitorchError;
    return {
      error: { code: known ? error.code : 'INTERNAL', message: known ? error.message : 'internal error' },
    };
  }
}

/** Decodes a peer's answer. Throws REMOTE_ERROR when it is an error, ANSWER_INVALID when it is neither result nor error. */
export function unwrap(answer: unknown, peer: string): unknown {
  if (typeof answer === 'object' && answer !== null) {
    if ('ok' in answer) return answer.ok;
    const error =
      'error' in answer ? (answer.error as { code?: unknown; message?: unknown } | null) : undefined;
    if (error && typeof error === 'object') {
      throw remoteError(peer, peer, error);
    }
  }
  throw new BitorchError('ANSWER_INVALID', `${peer} sent an answer that is neither a result nor an error`);
}
