import { toHex } from '#base';
import { formatBytes } from '../progress.ts';
import { pathOf, type Scan, type WriteReport } from './scans.ts';

/** The reports as text: findings, why they matter, and what to do. */
export const textReport: WriteReport = async (scans, ruleset) => {
  const { reportHash } = await import('#security');
  const lines = scans.flatMap((scan) => [...findingsOf(scan, ruleset.rules), '', ...summaryOf(scan), '']);
  const hashes = scans.map(({ report }) => `Report ${toHex(reportHash(report))}`);
  const rules = `Ruleset ${ruleset.name} ${ruleset.version} (${toHex(ruleset.id).slice(0, 16)})`;
  return [...lines, ...hashes, rules, ''].join('\n');
};

type Rules = Parameters<WriteReport>[1]['rules'];

function findingsOf({ target, report }: Scan, rules: Rules): string[] {
  const lines: string[] = [];
  for (const { path, kind, findings, omitted } of report.files) {
    if (findings.length === 0) continue;
    lines.push('', `${pathOf(target, path)}  (${kind})`);
    // A finding may have a lower severity than its rule.
    for (const alike of Map.groupBy(findings, ({ rule, severity }) => `${rule} ${severity}`).values()) {
      const { rule, severity } = alike[0]!;
      const { title, why, fix } = rules[rule];
      lines.push(`  ${severity.toUpperCase()}  ${title} [${rule}]`);
      for (const { place, detail } of alike) {
        lines.push(`      ${[place, detail].filter(Boolean).join(': ')}`);
      }
      lines.push(`    Why: ${why}`, `    Do:  ${fix}`);
    }
    if (omitted > 0) lines.push(`  and ${omitted} more findings`);
  }
  return lines;
}

function summaryOf({ target, report, passedOver, unread }: Scan): string[] {
  const bytes = report.files.reduce((sum, { size }) => sum + size, 0);
  const refused = report.files.filter(({ findings }) => findings.some(({ severity }) => severity !== 'low'));
  const files = `${report.files.length} file${report.files.length === 1 ? '' : 's'}, ${formatBytes(bytes)}`;
  const clean = unread.length === 0 ? 'CLEAN' : 'NOT FULLY READ';
  const verdict = refused.length === 0 ? clean : `REFUSED: ${refused.length} of them`;
  const skipped = passedOver.map((path) => `  not scanned: ${path}`);
  const missed = unread.map((path) => `  not read: ${path}`);
  return [`${target}: ${files}: ${verdict}`, ...missed, ...skipped];
}
