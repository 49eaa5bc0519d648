import type { ModelFile } from '#formats';
import { Work } from '../regex/automaton.ts';
import { type Finding, MAX_FINDINGS, MAX_TEXT } from '../report.ts';
import type { RuleId } from '../rule-ids.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';

/** Bytes of a file that belong to a tensor of another one (ONNX external data). */
export interface ClaimedRange {
  readonly offset: number;
  readonly length: number;
}

/** Steps that all patterns of a file are worth: real tokenizers have a few, each of some thousand steps. */
const PATTERN_STEPS = 1 << 22;
/** What looking into containers may cost beyond a few times the size of the file, in bytes. */
const SPARE_WORK = 1 << 27;

/** One file under inspection: collects what is found in it. */
export class Inspection {
  readonly file: ModelFile;
  readonly ruleset: Ruleset;
  /** All files of the scan by path, for formats that point to others. */
  readonly files: ReadonlyMap<string, ModelFile>;
  /** Filled by formats that point to others: path → the bytes that are accounted for. */
  readonly claims: Map<string, ClaimedRange[]>;
  readonly findings: Finding[] = [];
  kind = 'unknown';
  /** Why the file is refused unless another one accounts for its bytes. */
  unclaimed: string | undefined;
  omitted = 0;
  /** For judging the patterns of the file. */
  readonly patterns = new Work(undefined, PATTERN_STEPS);
  #work: number;

  constructor(
    file: ModelFile,
    ruleset: Ruleset,
    files: ReadonlyMap<string, ModelFile>,
    claims: Map<string, ClaimedRange[]>,
  ) {
    this.file = file;
    this.ruleset = ruleset;
    this.files = files;
    this.claims = claims;
    this.#work = 4 * file.source.size + SPARE_WORK;
  }

  /** Accounts for bytes that are unpacked or read again; false when the file makes more work than it can be worth. */
  spend(bytes: number): boolean {
    this.#work -= bytes;
    return this.#work >= 0;
  }

  /** Adds a finding unless the same one is there already; `severity`: when this case is milder than its rule. */
  find(rule: RuleId, place: string, detail: string, severity = this.ruleset.rules[rule].severity): void {
    const finding = { rule, severity, place: printable(place), detail: printable(detail) };
    const known = this.findings.some(
      (other) => other.rule === rule && other.place === finding.place && other.detail === finding.detail,
    );
    if (known) return;
    if (this.findings.length < MAX_FINDINGS) this.findings.push(finding);
    else this.omitted++;
  }

  has(rule: RuleId): boolean {
    return this.findings.some((finding) => finding.rule === rule);
  }
}

/** Judges one file of a known kind. Throws FORMAT_INVALID for what breaks the format's rules. */
export type Inspector = (inspection: Inspection) => Promise<void> | void;

/** Printable ASCII, bounded: what comes from a file never reaches a terminal or a page raw. */
export function printable(text: string): string {
  const escaped = text
    .slice(0, MAX_TEXT)
    .replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return escaped.length > MAX_TEXT ? `${escaped.slice(0, MAX_TEXT - 3)}...` : escaped;
}
