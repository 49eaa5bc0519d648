import { toHex } from '#base';
import { pathOf, type WriteReport } from './scans.ts';

/** For programs: the reports with the words of the ruleset. */
export const jsonReport: WriteReport = async (scans, ruleset) => {
  const { reportHash } = await import('#node/scanning');
  const value = {
    format: 1,
    verdict: scans.some(({ report }) => report.verdict === 'refused') ? 'refused' : 'clean',
    ruleset: { name: ruleset.name, version: ruleset.version, id: toHex(ruleset.id) },
    scans: scans.map(({ target, report, passedOver, unread }) => ({
      target,
      verdict: report.verdict,
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
