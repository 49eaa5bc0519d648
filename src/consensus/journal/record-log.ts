import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { BitorchError, messageOf, syncFolder } from '#base';
import { MAX_BLOCK_BYTES } from '../constants.ts';

const HEAD_BYTES = 12;
/** Longest record, in bytes: a block. */
const MAX_RECORD_BYTES = MAX_BLOCK_BYTES + 64;

/** File operations of the log; tests substitute a disk that runs full. */
export interface LogFile {
  write(bytes: Uint8Array, position: number): number;
  sync(): void;
  truncate(length: number): void;
  close(): void;
}

export const openLogFile = (path: string): LogFile => {
  const fd = openSync(path, 'a+');
  syncFolder(dirname(path));
  return {
    // Opened in append mode: the kernel writes at the end, which is the log's position.
    write: (bytes) => writeSync(fd, bytes),
    sync: () => fdatasyncSync(fd),
    truncate: (length) => ftruncateSync(fd, length),
    close: () => closeSync(fd),
  };
};

/**
 * An append-only file of records: u32 LE length, u32 LE CRC-32 of the payload, u32 LE CRC-32 of these eight bytes,
 * payload. A record that a crash left unfinished is truncated when the file is opened; one that a full disk left
 * unfinished, at once. The header has a checksum of its own, so that a damaged length is not mistaken for an
 * unfinished record.
 */
export class RecordLog {
  readonly #path: string;
  readonly #file: LogFile;
  #length: number;

  private constructor(path: string, file: LogFile, length: number) {
    this.#path = path;
    this.#file = file;
    this.#length = length;
  }

  /**
   * Opens or creates the file. Returns the log and its records. Throws JOURNAL_DAMAGED when data follows a damaged
   * record: what was lost may have been signed, and the node would continue as if it had not been.
   */
  static open(path: string, openFile = openLogFile): { log: RecordLog; records: Uint8Array[] } {
    const file = openFile(path);
    const bytes = readFileSync(path);
    const { records, length } = readRecords(bytes);
    if (!isTorn(bytes.subarray(length))) {
      file.close();
      throw new BitorchError(
        'JOURNAL_DAMAGED',
        `the journal ${path} is damaged at byte ${length} of ${bytes.length}, and not by a crash: the disk may be failing. ` +
          'Restore the file; or move it away and start without the validator key until the others have decided this height. ' +
          'Keep last-sign, which guards the key',
        { path, at: length },
      );
    }
    const log = new RecordLog(path, file, length);
    if (length < bytes.length) log.#cut();
    return { log, records };
  }

  /**
   * Writes a record; it is durable after the next `sync`. Throws JOURNAL_FULL when it cannot be written; the log is
   * unchanged then.
   */
  append(payload: Uint8Array): void {
    if (payload.length > MAX_RECORD_BYTES)
      throw new RangeError(`a record of ${payload.length} bytes is too long`);
    const record = new Uint8Array(HEAD_BYTES + payload.length);
    const view = new DataView(record.buffer);
    view.setUint32(0, payload.length, true);
    view.setUint32(4, crc32(payload), true);
    view.setUint32(8, crc32(record.subarray(0, 8)), true);
    record.set(payload, HEAD_BYTES);
    try {
      for (let at = 0; at < record.length; ) at += this.#file.write(record.subarray(at), this.#length + at);
    } catch (error) {
      this.#cut();
      throw this.#failed(error);
    }
    this.#length += record.length;
  }

  /** Returns when everything appended is durable. Throws JOURNAL_FULL when it cannot be written. */
  sync(): void {
    try {
      this.#file.sync();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  close(): void {
    this.#file.close();
  }

  #cut(): void {
    this.#file.truncate(this.#length);
  }

  #failed(error: unknown): BitorchError {
    return new BitorchError(
      'JOURNAL_FULL',
      `the journal ${this.#path} cannot be written (${messageOf(error)}): free disk space; the validator signs nothing until then`,
      { path: this.#path },
      error,
    );
  }
}

/** The complete records at the start of the bytes, and where they end. */
export function readRecords(bytes: Uint8Array): { records: Uint8Array[]; length: number } {
  const records: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const head = headOf(bytes.subarray(at));
    const end = at + HEAD_BYTES + (head?.length ?? 0);
    if (!head || end > bytes.length) break;
    const payload = bytes.subarray(at + HEAD_BYTES, end);
    if (crc32(payload) !== head.sum) break;
    records.push(new Uint8Array(payload));
    at = end;
  }
  return { records, length: at };
}

/** Undefined without a complete header that has the right checksum. */
function headOf(bytes: Uint8Array): { length: number; sum: number } | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const length = view.getUint32(0, true);
  if (crc32(bytes.subarray(0, 8)) !== view.getUint32(8, true) || length > MAX_RECORD_BYTES) return undefined;
  return { length, sum: view.getUint32(4, true) };
}

/**
 * Whether these bytes, which do not start with a complete record, are what a crash leaves: a partial record, or
 * zeros.
 */
function isTorn(rest: Uint8Array): boolean {
  if (rest.length < HEAD_BYTES || rest.every((byte) => byte === 0)) return true;
  const head = headOf(rest);
  return head !== undefined && HEAD_BYTES + head.length >= rest.length;
}
