import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile } from '#base';
import type { EscrowJournal } from '../escrow/journal.ts';

/** A journal in a file, which is replaced as a whole: it is small, a receipt for each node at most. */
export function fileJournal(path: string): EscrowJournal {
  mkdirSync(dirname(path), { recursive: true });
  return {
    read: () => (existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined),
    write: (content) => replaceFile(path, content),
  };
}
