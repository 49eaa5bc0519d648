import { toHex } from '#base';
import { pathOf, type Scan, type WriteReport } from './scans.ts';

/** The overall verdict; "incomplete" when nothing was found but some files could not be read. */
function verdictOf(scans: readonly Scan[]): 'refused' | 'incomplete' | 'clean' {
  if (scans.some(({ report }) => report.verdict === 'refused')) return 'refused';
  return scans.some(({ unread }) => unread.length > 0) ? 'incomplete' : 'clean';
}

/** The reports as JSON, with the texts of the ruleset. */
export const jsonReport: WriteReport = async (scans, ruleset) => {
  const { reportHash } = await import('#security');
  const value = {
    format: 1,
    verdict: verdictOf(scans),
    ruleset: { name: ruleset.name, version: ruleset.version, id: toHex(ruleset.id) },
    scans: scans.map(({ target, report, passedOver, unread }) => ({
      target,
      verdict: verdictOf([{ target, report, passedOver, unread }]),
      reportHash: toHex(reportHash(report)),
      scanner: report.scanner,
      passedOver,
      unread,
      files: report.files.map(({ path, size, sha256, kind, findings, omitted }) => ({
        path: pathOf(target, path),
        size,
        sha256: toHex(sha256),
        kind,
        omitted,
        findings: findings.map((finding) => ({ ...finding, ...ruleset.rules[finding.rule] })),
      })),
    })),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
};
