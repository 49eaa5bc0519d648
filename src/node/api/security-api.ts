/** API types of the safety of models. Types only, plain JSON. */

/**
 * `pending`: no trusted security node has attested the model yet. `unreported`: cleared by an attestation whose report cannot be
 * fetched; treated as pending. `cleared` and `quarantined`: attested, with a checked report. `unchecked`: checks are off on this
 * node. Only `cleared` and `unchecked` models are seeded to everybody and run for others.
 */
export type SafetyState = 'pending' | 'unreported' | 'cleared' | 'quarantined' | 'unchecked';

export type FindingSeverity = 'critical' | 'high' | 'medium' | 'low';

/** A problem found in a model, in words for display. */
export interface FindingView {
  /** What found it: `scanner`, `trial` (the run in the sandbox), or an engine's name. */
  source: string;
  rule: string;
  severity: FindingSeverity;
  title: string;
  why: string;
  fix: string;
  /** Path inside the model; empty for the model as a whole. */
  file: string;
  place: string;
  detail: string;
}

export interface EngineView {
  name: string;
  state: 'clean' | 'found' | 'partial' | 'missing' | 'failed';
  version: string;
  note: string;
}

/** One security node's attestation of a model. */
export interface AttestationView {
  authority: { nodeId: string; name: string };
  /** `unproven`: nothing was found, but the authority could not run the model. */
  verdict: 'cleared' | 'unproven' | 'quarantined';
  /** Milliseconds since epoch. */
  time: number;
  /** Hash of the canonical report, hexadecimal. */
  report: string;
  ruleset: { name: string; version: number };
  files: number;
  bytes: number;
  findings: FindingView[];
  trial: {
    state: 'passed' | 'failed' | 'omitted' | 'unavailable';
    note: string;
    timeMs: number;
    peakMemoryBytes: number;
    processes: number;
    sockets: number;
  };
  engines: EngineView[];
  /** Whether this node has the signed report, and whether it agrees with the attestation. */
  check: { state: 'waiting' | 'agrees' | 'contradicts' | 'missing'; problems: string[] };
}

/** The scanner's report on one file: docs/protocol/security-report.md. */
export interface FileReportView {
  path: string;
  size: number;
  /** Hexadecimal. */
  sha256: string;
  kind: string;
  findings: { rule: string; severity: FindingSeverity; place: string; detail: string }[];
  /** Number of findings that are not listed. */
  omitted: number;
}

/** A whole canonical report. */
export interface ReportView {
  hash: string;
  scanner: number;
  /** Id of the ruleset, hexadecimal. */
  ruleset: string;
  verdict: 'clean' | 'refused';
  files: FileReportView[];
}

export interface SafetyView {
  modelId: string;
  /** The start of the id while the name is unknown. */
  name: string;
  state: SafetyState;
  /** Reachable nodes that hold a part of it. */
  holders: number;
  attestations: AttestationView[];
}

/** A model in the examination queue of this security node. */
export interface ExaminationView {
  modelId: string;
  name: string;
  holders: number;
  /** Nodes that run part of it for others; such models are examined first. */
  running: number;
  /** Why it is in the queue. */
  reason: 'new' | 'new rules' | 'failed before';
  /** The current step; absent while it waits. */
  step?: { name: string; done: number; total: number; unit: string };
  /** Why the last attempt failed. */
  problem?: string;
  /** The part of the new rules that affects it. */
  affected?: string;
}

/** A known malicious file. */
export interface AdvisoryView {
  sha256: string;
  name: string;
}

export interface SecurityView {
  /** Security nodes that this node trusts; `none`: checks are off. */
  trust: 'none' | { nodeId: string; name: string; online: boolean }[];
  models: SafetyView[];
  /** On a security node: sandbox, ruleset and queue. */
  examiner?: {
    ruleset: { name: string; version: number; id: string };
    /** A newer signed ruleset on another node (`from`: its name), to be installed with `bitorch security update`. */
    newer?: { name: string; version: number; nodeId: string; from: string };
    /** Models examined by older rules: how many the current rules affect, how many of those are done, and how many are unaffected. */
    rescan?: { version: number; touched: number; done: number; untouched: number };
    /** `note`: what is missing, or what enforces its limits. */
    sandbox: { available: boolean; note: string };
    queue: ExaminationView[];
    advisories: AdvisoryView[];
  };
}

export interface SecurityEvent {
  type: 'security';
  security: SecurityView;
}
