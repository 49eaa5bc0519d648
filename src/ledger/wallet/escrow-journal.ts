import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile } from '#base';
import type { EscrowJournal } from '../escrow/journal.ts';

/** A journal in a file that is replaced atomically. It is small: at most one receipt per node. */
export function fileJournal(path: string): EscrowJournal {
  mkdirSync(dirname(path), { recursive: true });
  return {
    read: () => (existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined),
    write: (content) => replaceFile(path, content),
  };
}
