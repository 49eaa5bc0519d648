import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type LogFile, openLogFile, RecordLog, readRecords } from './record-log.ts';

const NAME = /^(\d{16})\.wal$/;

/**
 * The inputs of each height in processing order, one file per height. Replaying them after a crash restores the
 * lock that the node held. Only the current height's file is needed; a few older ones are kept for evidence and
 * blame.
 */
export class WriteAheadLog {
  readonly #folder: string;
  readonly #keep: number;
  readonly #openFile: (path: string) => LogFile;
  #log: RecordLog | undefined;
  #height = 0;

  /** @param options.keep number of older files that are kept */
  constructor(options: { folder: string; keep?: number }, openFile = openLogFile) {
    this.#folder = options.folder;
    this.#keep = options.keep ?? 2;
    this.#openFile = openFile;
    mkdirSync(options.folder, { recursive: true });
  }

  get height(): number {
    return this.#height;
  }

  /**
   * Starts or resumes a height. Returns its records so far. Throws JOURNAL_DAMAGED when the file is damaged,
   * JOURNAL_FULL when it cannot be written.
   */
  open(height: number): Uint8Array[] {
    this.close();
    const { log, records } = RecordLog.open(this.#path(height), this.#openFile);
    this.#log = log;
    this.#height = height;
    this.#forget(height - this.#keep);
    return records;
  }

  /** Throws JOURNAL_FULL when the record cannot be written; the log is unchanged then. */
  append(record: Uint8Array): void {
    this.#log!.append(record);
  }

  /** Everything appended is durable on return. Throws JOURNAL_FULL when it cannot be written. */
  sync(): void {
    this.#log!.sync();
  }

  close(): void {
    this.#log?.close();
    this.#log = undefined;
  }

  /** The records of a height up to the first damaged one; none if its file is gone. */
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
