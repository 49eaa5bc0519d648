import type { ModelFile } from '#formats';
import { WorkBudget } from '../regex/automaton.ts';
import { type Finding, MAX_FINDINGS, MAX_TEXT, refuses } from '../report.ts';
import type { RuleId } from '../rule-ids.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { MAX_CLAIMS, type TokenClaim } from './tokenizer/token-claim.ts';

/** A range of bytes that belongs to a tensor of another file (ONNX external data). */
export interface ClaimedRange {
  readonly offset: number;
  readonly length: number;
}

/** Step budget for all patterns of a file. Real tokenizers have a few patterns of a few thousand steps each. */
const PATTERN_STEPS = 1 << 22;
/** WorkBudget allowed for looking into containers, in bytes, beyond a multiple of the file's size. */
const SPARE_WORK = 1 << 27;

/** The inspection of one file. Collects its findings. */
export class Inspection {
  readonly file: ModelFile;
  readonly ruleset: Ruleset;
  /** All files of the scan by path, for formats that refer to other files. */
  readonly files: ReadonlyMap<string, ModelFile>;
  /** Ranges of bytes accounted for by other files, by path. Filled by formats that refer to other files. */
  readonly claims: Map<string, ClaimedRange[]>;
  readonly findings: Finding[] = [];
  /** Ids that this file says are control tokens. They are compared with the vocabulary once all files are read. */
  readonly tokenClaims: TokenClaim[] = [];
  kind = 'unknown';
  /** Why the file is refused unless another file accounts for its bytes. */
  unclaimed: string | undefined;
  omitted = 0;
  /** WorkBudget budget for analysing the file's patterns. */
  readonly patterns = new WorkBudget(undefined, PATTERN_STEPS);
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

  /** Charges work for bytes that are unpacked or read again. Returns false once the file has exhausted its budget. */
  spend(bytes: number): boolean {
    this.#work -= bytes;
    return this.#work >= 0;
  }

  /** Adds a finding unless it is a duplicate. `severity` overrides that of the rule for milder cases. */
  report(rule: RuleId, place: string, detail: string, severity = this.ruleset.rules[rule].severity): void {
    const finding = { rule, severity, place: printable(place), detail: printable(detail) };
    const known = this.findings.some(
      (other) => other.rule === rule && other.place === finding.place && other.detail === finding.detail,
    );
    if (known) return;
    if (this.findings.length < MAX_FINDINGS) {
      this.findings.push(finding);
      return;
    }
    this.omitted++;
    // Notes, however many, leave room for what refuses the file.
    const note = refuses(finding) ? this.findings.findLastIndex((other) => !refuses(other)) : -1;
    if (note >= 0) this.findings[note] = finding;
  }

  /** Notes that the file gives an id to a control token. */
  claimToken(id: unknown, token: unknown, place: string): void {
    if (typeof id !== 'number') return;
    const name = typeof token === 'string' ? token : undefined;
    if (this.tokenClaims.length < MAX_CLAIMS) this.tokenClaims.push({ id, token: name, place });
    else this.report('resource-bomb', place, `more than ${MAX_CLAIMS} control tokens`);
  }

  /** Whether a finding of this rule was added. */
  has(rule: RuleId): boolean {
    return this.findings.some((finding) => finding.rule === rule);
  }
}

/** Inspects a file of a known kind. Throws FORMAT_INVALID when the file violates its format. */
export type Inspector = (inspection: Inspection) => Promise<void> | void;

/** Escapes to bounded printable ASCII: text from a file never reaches a terminal or page unescaped. */
export function printable(text: string): string {
  const escaped = text
    .slice(0, MAX_TEXT)
    .replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return escaped.length > MAX_TEXT ? `${escaped.slice(0, MAX_TEXT - 3)}...` : escaped;
}
