import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type LogFile, openLogFile, RecordLog, readRecords } from './record-log.ts';

const NAME = /^(\d{16})\.wal$/;

/**
 * What one height has seen, in the order in which it was acted upon: a file a height. Replaying it after a crash brings
 * the node back to the lock it held. Only the current height's file is ever needed; a few older ones stay for
 * questions that come later.
 */
export class WriteAheadLog {
  readonly #folder: string;
  readonly #keep: number;
  readonly #openFile: (path: string) => LogFile;
  #log: RecordLog | undefined;
  #height = 0;

  /** @param options.keep files of older heights that stay */
  constructor(options: { folder: string; keep?: number }, openFile = openLogFile) {
    this.#folder = options.folder;
    this.#keep = options.keep ?? 2;
    this.#openFile = openFile;
    mkdirSync(options.folder, { recursive: true });
  }

  get height(): number {
    return this.#height;
  }

  /** Begins or resumes a height. Returns what was recorded of it before. Throws JOURNAL_DAMAGED, JOURNAL_FULL. */
  open(height: number): Uint8Array[] {
    this.close();
    const { log, records } = RecordLog.open(this.#path(height), this.#openFile);
    this.#log = log;
    this.#height = height;
    this.#forget(height - this.#keep);
    return records;
  }

  /** Throws JOURNAL_FULL; nothing was written then. */
  append(record: Uint8Array): void {
    this.#log!.append(record);
  }

  /** Everything appended is on the disk when it returns. Throws JOURNAL_FULL. */
  sync(): void {
    this.#log!.sync();
  }

  close(): void {
    this.#log?.close();
    this.#log = undefined;
  }

  /** The records of a height up to the first damaged one, none when its file is gone. */
  recordsOf(height: number): Uint8Array[] {
    if (!existsSync(this.#path(height))) return [];
    return readRecords(readFileSync(this.#path(height))).records;
  }

  #forget(below: number): void {
    for (const name of readdirSync(this.#folder)) {
      const height = Number(NAME.exec(name)?.[1] ?? Number.NaN);
      if (height < below) rmSync(join(this.#folder, name), { force: true });
    }
  }

  #path(height: number): string {
    return join(this.#folder, `${String(height).padStart(16, '0')}.wal`);
  }
}
