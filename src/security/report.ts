import { check, decodeCanonical, domainHash, encodeCanonical, z, zBytes, zCount } from '#base';
import { RULE_IDS } from './rule-ids.ts';

/** Grows with every change of the scanner that can change a report. */
export const SCANNER_VERSION = 6;
export const MAX_REPORT_BYTES = 16 << 20;
export const MAX_FILES = 100_000;
/** Values in a report: some twenty for each file. */
const MAX_ITEMS = 1 << 21;
export const MAX_FINDINGS = 64;
export const MAX_TEXT = 300;

/** From the worst: code runs or the file attacks its reader; it is built to mislead; it is not accepted; worth knowing. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

const findingSchema = z.strictObject({
  rule: z.enum(RULE_IDS),
  severity: z.enum(SEVERITIES),
  /** Where inside the file: a member, a tensor, a key; empty for the file as a whole. */
  place: z.string().max(MAX_TEXT),
  /** What was found there, in printable ASCII. */
  detail: z.string().max(MAX_TEXT),
});
export type Finding = z.infer<typeof findingSchema>;

const fileReportSchema = z.strictObject({
  path: z.string().min(1).max(1024),
  size: zCount,
  sha256: zBytes(32),
  /** What the content is, whatever the name says: "safetensors", "pickle", "unknown", … */
  kind: z.string().min(1).max(40),
  /** In the order of the file, the first MAX_FINDINGS of them. */
  findings: z.array(findingSchema).max(MAX_FINDINGS),
  /** Findings beyond those that are listed. */
  omitted: zCount,
});
export type FileReport = z.infer<typeof fileReportSchema>;

const reportSchema = z.strictObject({
  format: z.literal(1),
  scanner: z.number().int().min(1),
  /** Id of the ruleset. */
  ruleset: zBytes(32),
  /** "refused" when any finding is worse than low. */
  verdict: z.enum(['clean', 'refused']),
  /** Sorted by path, in the order of UTF-8 bytes. */
  files: z.array(fileReportSchema).max(MAX_FILES),
});

/** What a scan says, the same on every machine for the same bytes and ruleset: docs/protocol/security-report.md. */
export type Report = z.infer<typeof reportSchema>;

export const encodeReport = (report: Report): Uint8Array => encodeCanonical(report);

/** The report's hash (32 bytes): what security nodes sign and compare. */
export const reportHash = (report: Report): Uint8Array => domainHash('security-report', encodeReport(report));

/** Reads a stranger's report. Throws CODEC_INVALID or SCHEMA_INVALID. */
export function decodeReport(bytes: Uint8Array): Report {
  return check(
    reportSchema,
    decodeCanonical(bytes, MAX_REPORT_BYTES, { items: MAX_ITEMS }),
    'security report',
  );
}

/** Whether a finding keeps a file from being accepted. */
export const refuses = ({ severity }: Pick<Finding, 'severity'>): boolean => severity !== 'low';
