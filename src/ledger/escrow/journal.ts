import { BitorchError } from '#base';
import { type Codec, decode } from '../codec/index.ts';

/** Durable storage for the state that one side of an escrow must not lose. */
export interface EscrowJournal {
  /** The last content written; undefined in a new journal. */
  read(): Uint8Array | undefined;
  /** Durable on return; a crash leaves the old or the new content. Throws when durability is not certain. */
  write(content: Uint8Array): void;
}

/** Decodes a journal. Throws ESCROW_JOURNAL when it is damaged: continuing without it could sign the same money away twice. */
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
