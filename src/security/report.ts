import { check, decodeCanonical, domainHash, encodeCanonical, z, zBytes, zCount } from '#base';
import { RULE_IDS } from './rule-ids.ts';

/** Increased with every change of the scanner that can change a report. */
export const SCANNER_VERSION = 8;
export const MAX_REPORT_BYTES = 16 << 20;
const MAX_FILES = 100_000;
/** Values in a report: about twenty per file. */
const MAX_ITEMS = 1 << 21;
export const MAX_FINDINGS = 64;
export const MAX_TEXT = 300;

/**
 * Worst first. critical: runs code or attacks its reader; high: built to mislead; medium: not accepted; low: worth
 * knowing.
 */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

const findingSchema = z.strictObject({
  rule: z.enum(RULE_IDS),
  severity: z.enum(SEVERITIES),
  /** Location inside the file: a member, a tensor, a key; empty for the file as a whole. */
  place: z.string().max(MAX_TEXT),
  /** What was found, in printable ASCII. */
  detail: z.string().max(MAX_TEXT),
});
export type Finding = z.infer<typeof findingSchema>;

const fileReportSchema = z.strictObject({
  path: z.string().min(1).max(1024),
  size: zCount,
  sha256: zBytes(32),
  /** Format by content, regardless of the name: "safetensors", "pickle", "unknown", … */
  kind: z.string().min(1).max(40),
  /** In file order, at most MAX_FINDINGS. */
  findings: z.array(findingSchema).max(MAX_FINDINGS),
  /** Number of findings beyond those listed. */
  omitted: zCount,
});
export type FileReport = z.infer<typeof fileReportSchema>;

const reportSchema = z.strictObject({
  format: z.literal(1),
  scanner: z.number().int().min(1),
  /** Id of the ruleset. */
  ruleset: zBytes(32),
  /** "refused" if any finding is worse than low. */
  verdict: z.enum(['clean', 'refused']),
  /** Sorted by path in UTF-8 byte order. */
  files: z.array(fileReportSchema).max(MAX_FILES),
});

/** Result of a scan, identical on every machine for the same bytes and ruleset: docs/protocol/security-report.md. */
export type Report = z.infer<typeof reportSchema>;

/** The canonical encoding of a report. */
export const encodeReport = (report: Report): Uint8Array => encodeCanonical(report);

/** The report's hash (32 bytes), which security nodes sign and compare. */
export const reportHash = (report: Report): Uint8Array => domainHash('security-report', encodeReport(report));

/** Decodes an untrusted report. Throws CODEC_INVALID or SCHEMA_INVALID. */
export function decodeReport(bytes: Uint8Array): Report {
  return check(
    reportSchema,
    decodeCanonical(bytes, MAX_REPORT_BYTES, { items: MAX_ITEMS }),
    'security report',
  );
}

/** Whether a finding refuses the file. */
export const refuses = ({ severity }: Pick<Finding, 'severity'>): boolean => severity !== 'low';
