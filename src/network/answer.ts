import { BitorchError } from '#base';
import { remoteError } from './remote-error.ts';

/** What goes back to the asker: the answer, or the error without what is nobody else's business. */
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

/** The answer of a peer. Throws REMOTE_ERROR, or ANSWER_INVALID for what is neither. */
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
