import { toHex } from '#base';
import type { Severity } from '#security';
import { uriOf, type WriteReport } from './scans.ts';

const LEVELS: Readonly<Record<Severity, string>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
};
/** Scores by which code hosts sort findings, after the CVSS bands. */
const SCORES: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.0',
  low: '2.0',
};

/** The reports as SARIF 2.1.0 (OASIS), in the profile that code hosts accept. */
export const sarifReport: WriteReport = async (scans, ruleset) => {
  const rules = Object.entries(ruleset.rules).map(([id, { severity, title, why, fix }]) => ({
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: fix },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { 'security-severity': SCORES[severity], tags: ['security', 'model'] },
  }));
  const order = new Map(rules.map(({ id }, n) => [id, n]));
  const files = scans.flatMap(({ target, report }) =>
    report.files.map((file) => ({ ...file, uri: uriOf(target, file.path) })),
  );
  const results = files.flatMap(({ uri, sha256, findings }) =>
    findings.map(({ rule, severity, place, detail }) => ({
      ruleId: rule,
      ruleIndex: order.get(rule),
      level: LEVELS[severity],
      message: { text: [ruleset.rules[rule].title, place, detail].filter(Boolean).join(': ') },
      locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } } }],
      partialFingerprints: { 'finding/v1': `${toHex(sha256)}/${rule}/${place}` },
    })),
  );
  const unread = scans.flatMap(({ target, unread }) =>
    unread.map((what) => ({ level: 'error', message: { text: `${target}: not read: ${what}` } })),
  );
  const run = {
    tool: { driver: { name: 'bitorch', semanticVersion: '0.1.0', rules } },
    artifacts: files.map(({ uri, size, sha256 }) => ({
      location: { uri },
      length: size,
      hashes: { 'sha-256': toHex(sha256) },
    })),
    results,
    invocations: [{ executionSuccessful: unread.length === 0, toolExecutionNotifications: unread }],
    columnKind: 'utf16CodeUnits',
    properties: { ruleset: toHex(ruleset.id) },
  };
  const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json';
  return `${JSON.stringify({ $schema: schema, version: '2.1.0', runs: [run] }, undefined, 2)}\n`;
};
