import { BitorchError } from '#base';
import { type Codec, decode } from '../codec/index.ts';

/** Where a side of an escrow keeps what it must not lose. */
export interface EscrowJournal {
  /** What was written last; undefined in a new one. */
  read(): Uint8Array | undefined;
  /** Durable when it returns: after a crash the old or the new content is there. Throws when that is not sure. */
  write(content: Uint8Array): void;
}

/** What a journal holds. Throws ESCROW_JOURNAL when it is damaged: going on without it could sign away money twice. */
export function readJournal<T>(codec: Codec<T>, content: Uint8Array): T {
  try {
    return decode(codec, content);
  } catch (error) {
    throw new BitorchError(
      'ESCROW_JOURNAL',
      'the journal of the escrow is damaged: restore it, or open another escrow with a new session key',
      {},
      error,
    );
  }
}
