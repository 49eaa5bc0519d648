import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, domainHash, equalBytes, toHex, writeFileAtomic } from '#base';
import { decodeReport, encodeReport, MAX_REPORT_BYTES, type Report, reportHash } from '../report.ts';

/** Canonical reports on disk by hash: this node's own, and others' that it has verified. */
export class ReportStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Stores a report. */
  async keep(report: Report): Promise<void> {
    await writeFileAtomic(this.#pathOf(reportHash(report)), encodeReport(report));
  }

  /** The report's bytes; undefined if missing or damaged. */
  async bytes(hash: Uint8Array): Promise<Uint8Array | undefined> {
    const bytes = await readFile(this.#pathOf(hash)).catch(() => undefined);
    if (!bytes || bytes.length > MAX_REPORT_BYTES) return undefined;
    return equalBytes(domainHash('security-report', bytes), hash) ? new Uint8Array(bytes) : undefined;
  }

  /** The decoded report; undefined if missing or damaged. */
  async find(hash: Uint8Array): Promise<Report | undefined> {
    const bytes = await this.bytes(hash);
    return bytes && decodeReport(bytes);
  }

  #pathOf(hash: Uint8Array): string {
    return join(this.#folder, `${toHex(hash)}.cbor`);
  }
}

/** Decodes an untrusted report that must have this hash. Throws REPORT_INVALID, CODEC_INVALID or SCHEMA_INVALID. */
export function openReport(bytes: Uint8Array, hash: Uint8Array): Report {
  if (!equalBytes(domainHash('security-report', bytes), hash))
    throw new BitorchError('REPORT_INVALID', `this is not the report ${toHex(hash)}`);
  return decodeReport(bytes);
}
