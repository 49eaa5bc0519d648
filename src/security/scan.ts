import { BitorchError, codeOf, messageOf, type OnProgress, toHex } from '#base';
import type { ModelFile } from '#formats';
import { scanFailed } from './errors.ts';
import { hashSource } from './hash-file.ts';
import { inspect } from './inspect/inspect.ts';
import { type ClaimedRange, Inspection } from './inspect/inspection.ts';
import { inspectName } from './inspect/name/unsafe-name.ts';
import { inspectClaimed } from './inspect/onnx/external-data.ts';
import { checkTokenClaims } from './inspect/tokenizer/token-claims.ts';
import { type FileReport, type Report, refuses, SCANNER_VERSION } from './report.ts';
import type { Ruleset } from './ruleset/ruleset.ts';

export interface ScanOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Scans files as one model: reads each to its last byte and reports what is wrong with it. A pure function of paths,
 * bytes and ruleset, independent of clock, locale and input order. Throws SCAN_FAILED for duplicate paths, and
 * whatever reading throws; defects of the files are in the report.
 */
export async function scan(
  files: readonly ModelFile[],
  ruleset: Ruleset,
  { onProgress, signal }: ScanOptions = {},
): Promise<Report> {
  const sorted = files.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const byPath = new Map(sorted.map((file) => [file.path, file]));
  if (byPath.size !== files.length) throw scanFailed('two files have the same path: scan each path once');
  const claims = new Map<string, ClaimedRange[]>();
  const total = sorted.reduce((sum, { source }) => sum + source.size, 0);
  let done = 0;
  const count = (bytes: number) => {
    done += bytes;
    onProgress?.({ step: 'scanning', done, total, unit: 'bytes' });
  };
  const inspections: Inspection[] = [];
  const hashes: Uint8Array[] = [];
  for (const file of sorted) {
    const inspection = new Inspection(file, ruleset, byPath, claims);
    inspections.push(inspection);
    inspectName(inspection);
    await guarded(inspection, () => inspect(inspection));
    hashes.push(await hashSource(file.source, count, signal));
  }
  for (const inspection of inspections) await settle(inspection);
  await checkTokenClaims(inspections);
  const reports = inspections.map((inspection, n) => fileReport(inspection, hashes[n]!));
  return {
    format: 1,
    scanner: SCANNER_VERSION,
    ruleset: ruleset.id,
    verdict: reports.some((file) => file.findings.some(refuses)) ? 'refused' : 'clean',
    files: reports,
  };
}

/** Files without a format of their own are accepted only if a model's tensors account for every byte. */
async function settle(inspection: Inspection): Promise<void> {
  if (inspection.unclaimed === undefined) return;
  const ranges = inspection.claims.get(inspection.file.path);
  if (ranges) await inspectClaimed(inspection, ranges);
  else inspection.report('unknown-format', '', inspection.unclaimed);
}

/** Default deny: a file whose inspection fails is refused, not skipped. */
async function guarded(inspection: Inspection, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof BitorchError) || !/^(FORMAT_|SCHEMA_)/.test(codeOf(error))) throw error;
    inspection.report('damaged', '', messageOf(error));
  }
}

function fileReport({ file, kind, findings, omitted, ruleset }: Inspection, sha256: Uint8Array): FileReport {
  const hex = toHex(sha256);
  const advisory = ruleset.advisories.find((known) => known.sha256 === hex);
  const known = advisory && {
    rule: 'advisory' as const,
    severity: ruleset.rules.advisory.severity,
    place: '',
    detail: advisory.name,
  };
  return {
    path: file.path,
    size: file.source.size,
    sha256,
    kind,
    findings: known ? [known, ...findings].slice(0, 64) : findings,
    omitted,
  };
}
