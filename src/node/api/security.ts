/** The safety of models: attestations, reports, and the examinations of a security node. */
import { z } from '#base';
import { zNodeName, zProgress, zTime } from './fields.ts';

/** 32 bytes, hexadecimal. */
const zHash = z.string();
const zRuleset = z.strictObject({ name: z.string(), version: z.number() });

/**
 * `pending`: no trusted security node has attested the model yet. `unreported`: cleared by an attestation whose report cannot be
 * fetched; treated as pending. `cleared` and `quarantined`: attested, with a checked report. `unchecked`: checks are off on this
 * node. Only `cleared` and `unchecked` models are seeded to everybody and run for others.
 */
export const zSafetyState = z.enum(['pending', 'unreported', 'cleared', 'quarantined', 'unchecked']);
export type SafetyState = z.infer<typeof zSafetyState>;

const zSeverity = z.enum(['critical', 'high', 'medium', 'low']);
export type FindingSeverity = z.infer<typeof zSeverity>;

/** A problem found in a model, in words for display. */
const zFinding = z.strictObject({
  /** What found it: `scanner`, `trial` (the run in the sandbox), or an engine's name. */
  source: z.string(),
  rule: z.string(),
  severity: zSeverity,
  title: z.string(),
  why: z.string(),
  fix: z.string(),
  /** Path inside the model; empty for the model as a whole. */
  file: z.string(),
  place: z.string(),
  detail: z.string(),
});
export type FindingView = z.infer<typeof zFinding>;

const zEngine = z.strictObject({
  name: z.string(),
  state: z.enum(['clean', 'found', 'partial', 'missing', 'failed']),
  version: z.string(),
  note: z.string(),
});
export type EngineView = z.infer<typeof zEngine>;

/** One security node's attestation of a model. */
const zAttestation = z.strictObject({
  authority: zNodeName,
  /** `unproven`: nothing was found, but the authority could not run the model. */
  verdict: z.enum(['cleared', 'unproven', 'quarantined']),
  time: zTime,
  /** Hash of the canonical report. */
  report: zHash,
  ruleset: zRuleset,
  files: z.number(),
  bytes: z.number(),
  findings: z.array(zFinding),
  trial: z.strictObject({
    state: z.enum(['passed', 'failed', 'omitted', 'unavailable']),
    note: z.string(),
    timeMs: z.number(),
    peakMemoryBytes: z.number(),
    processes: z.number(),
    sockets: z.number(),
  }),
  engines: z.array(zEngine),
  /** Whether this node has the signed report, and whether it agrees with the attestation. */
  check: z.strictObject({
    state: z.enum(['waiting', 'agrees', 'contradicts', 'missing']),
    problems: z.array(z.string()),
  }),
});
export type AttestationView = z.infer<typeof zAttestation>;

/** The scanner's report on one file: docs/protocol/security-report.md. */
const zFileReport = z.strictObject({
  path: z.string(),
  size: z.number(),
  sha256: zHash,
  kind: z.string(),
  findings: z.array(
    z.strictObject({ rule: z.string(), severity: zSeverity, place: z.string(), detail: z.string() }),
  ),
  /** Number of findings that are not listed. */
  omitted: z.number(),
});

/** A whole canonical report. */
export const zReport = z.strictObject({
  hash: zHash,
  scanner: z.number(),
  /** Id of the ruleset. */
  ruleset: zHash,
  verdict: z.enum(['clean', 'refused']),
  files: z.array(zFileReport),
});
export type ReportView = z.infer<typeof zReport>;

export const zSafety = z.strictObject({
  modelId: z.string(),
  /** The start of the id while the name is unknown. */
  name: z.string(),
  state: zSafetyState,
  /** Reachable nodes that hold a part of it. */
  holders: z.number(),
  attestations: z.array(zAttestation),
});
export type SafetyView = z.infer<typeof zSafety>;

/** A model in the examination queue of this security node. */
const zExamination = z.strictObject({
  modelId: z.string(),
  name: z.string(),
  holders: z.number(),
  /** Nodes that run part of it for others; such models are examined first. */
  running: z.number(),
  /** Why it is in the queue. */
  reason: z.enum(['new', 'new rules', 'failed before']),
  /** The current step; absent while it waits. */
  step: zProgress.extend({ name: z.string(), unit: z.string() }).exactOptional(),
  /** Why the last attempt failed. */
  problem: z.string().exactOptional(),
  /** The part of the new rules that affects it. */
  affected: z.string().exactOptional(),
});
export type ExaminationView = z.infer<typeof zExamination>;

/** A known malicious file. */
const zAdvisory = z.strictObject({ sha256: zHash, name: z.string() });
export type AdvisoryView = z.infer<typeof zAdvisory>;

export const zSecurity = z.strictObject({
  /** Security nodes that this node trusts; `none`: checks are off. */
  trust: z.union([z.literal('none'), z.array(zNodeName.extend({ online: z.boolean() }))]),
  models: z.array(zSafety),
  /** On a security node: sandbox, ruleset and queue. */
  examiner: z
    .strictObject({
      ruleset: zRuleset.extend({ id: zHash }),
      /** A newer signed ruleset on another node (`from`: its name), to be installed with `bitorch security update`. */
      newer: zRuleset.extend({ nodeId: z.string(), from: z.string() }).exactOptional(),
      /** Models examined by older rules: how many the current rules affect, how many of those are done, and how many are unaffected. */
      rescan: z
        .strictObject({
          version: z.number(),
          touched: z.number(),
          done: z.number(),
          untouched: z.number(),
        })
        .exactOptional(),
      /** `note`: what is missing, or what enforces its limits. */
      sandbox: z.strictObject({ available: z.boolean(), note: z.string() }),
      queue: z.array(zExamination),
      advisories: z.array(zAdvisory),
    })
    .exactOptional(),
});
export type SecurityView = z.infer<typeof zSecurity>;
