import { equalBytes } from '#base';
import type { Manifest } from '#distribution';
import type { Attestation } from '../clearance/index.ts';
import { type Report, refuses } from '../report.ts';

/**
 * Lists where an attestation contradicts the report that it names; empty if there is none. `manifest`: the examined
 * manifest, if known.
 */
export function contradictions(attestation: Attestation, report: Report, manifest?: Manifest): string[] {
  const found: string[] = [];
  const unless = (holds: boolean, what: string) => {
    if (!holds) found.push(what);
  };
  const bytes = report.files.reduce((sum, { size }) => sum + size, 0);
  unless(equalBytes(report.ruleset, attestation.ruleset.id), 'the report was made with another ruleset');
  unless(report.scanner === attestation.scanner, 'the report was made with another scanner');
  unless(
    report.files.length === attestation.files && bytes === attestation.bytes,
    `the report covers ${report.files.length} files with ${bytes} bytes`,
  );
  unless(
    (report.verdict === 'refused') === report.files.some(({ findings }) => findings.some(refuses)),
    'the verdict of the report does not follow from its findings',
  );
  if (attestation.verdict !== 'quarantined') {
    unless(report.verdict === 'clean', 'the attestation clears what its report refuses');
    if (manifest)
      unless(isAboutFilesOf(manifest, report), 'the report covers other files than the manifest lists');
  }
  return [...found, ...inventedReasons(attestation, report)];
}

function isAboutFilesOf(manifest: Manifest, report: Report): boolean {
  const read = new Map(report.files.map((file) => [file.path, file]));
  const isRead = ({ path, size, sha256 }: Manifest['files'][number]) => {
    const file = read.get(path);
    return file !== undefined && file.size === size && equalBytes(file.sha256, sha256);
  };
  return read.size === manifest.files.length && manifest.files.every(isRead);
}

/** Scanner reasons of the attestation that are not in the report. */
function inventedReasons({ reasons }: Attestation, report: Report): string[] {
  const files = new Map(report.files.map((file) => [file.path, file.findings]));
  return reasons
    .filter(({ source }) => source === 'scanner')
    .filter(
      ({ file, rule, severity, place, detail }) =>
        !files
          .get(file)
          ?.some(
            (finding) =>
              finding.rule === rule &&
              finding.severity === severity &&
              finding.place === place &&
              finding.detail === detail,
          ),
    )
    .map(({ rule, file }) => `the report has no ${rule} in ${file}`);
}
