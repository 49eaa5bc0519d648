/** What the page and the terminal see of the models' safety. Types only, plain JSON. */

/**
 * `pending`: no security node that this node trusts has spoken yet. `unchecked`: this node trusts none and asks none.
 * Only `cleared` and `unchecked` models are seeded to everybody and run for others.
 */
/** `unreported`: said to be cleared, by a word whose report cannot be fetched; it counts as pending. */
export type SafetyState = 'pending' | 'unreported' | 'cleared' | 'quarantined' | 'unchecked';

export type FindingSeverity = 'critical' | 'high' | 'medium' | 'low';

/** One thing that is wrong with a model, in words for people. */
export interface FindingView {
  /** Who found it: `scanner`, `trial` (the run in the sandbox), or an engine's name. */
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

/** What one security node has signed of a model. */
export interface AttestationView {
  authority: { nodeId: string; name: string };
  /** `unproven`: nothing speaks against the model, and the authority could not run it. */
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
  /** Whether this node has the report that was signed, and whether it says what was signed. */
  check: { state: 'waiting' | 'agrees' | 'contradicts' | 'missing'; problems: string[] };
}

/** What the scanner says of one file: docs/protocol/security-report.md. */
export interface FileReportView {
  path: string;
  size: number;
  /** Hexadecimal. */
  sha256: string;
  kind: string;
  findings: { rule: string; severity: FindingSeverity; place: string; detail: string }[];
  /** Findings beyond those that are listed. */
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
  /** The id's beginning while the name is not known. */
  name: string;
  state: SafetyState;
  /** Reachable nodes that hold a part of it. */
  holders: number;
  attestations: AttestationView[];
}

/** A model that this security node is to examine, or examines now. */
export interface ExaminationView {
  modelId: string;
  name: string;
  holders: number;
  /** Nodes that run a part of it for others; these models come first. */
  running: number;
  /** Why it is in the queue. */
  reason: 'new' | 'new rules' | 'failed before';
  /** The step that it is at; absent while it waits. */
  step?: { name: string; done: number; total: number; unit: string };
  /** Why the last attempt came to nothing. */
  problem?: string;
  /** What of the new rules is about it. */
  affected?: string;
}

/** A file that the rules know as bad. */
export interface AdvisoryView {
  sha256: string;
  name: string;
}

export interface SecurityView {
  /** Security nodes that this node believes; `none`: it checks nothing. */
  trust: 'none' | { nodeId: string; name: string; online: boolean }[];
  models: SafetyView[];
  /** On a security node: the sandbox, the rules, and what is to be examined. */
  examiner?: {
    ruleset: { name: string; version: number; id: string };
    /** Signed and newer, on a node (its name) that was asked; to be taken with `bitorch security update`. */
    newer?: { name: string; version: number; nodeId: string; from: string };
    /** Models that were examined by older rules: how many the present ones touch, and how many of those are done. */
    rescan?: { version: number; touched: number; done: number; untouched: number };
    /** `note`: what is missing, or who keeps to its limits. */
    sandbox: { available: boolean; note: string };
    queue: ExaminationView[];
    advisories: AdvisoryView[];
  };
}

export interface SecurityEvent {
  type: 'security';
  security: SecurityView;
}
