import { equalBytes } from '#base';
import {
  type Attestation,
  affectedBy,
  type ReportStore,
  SCANNER_VERSION,
  type WatchedRuleset,
} from '#security';
import type { ModelGuard } from './model-guard.ts';

/** Whether a model is to be examined, and why again. */
export type Decision =
  | { readonly state: 'new' | 'examined' | 'untouched'; readonly name?: string }
  | { readonly state: 'touched'; readonly why: string; readonly name: string };

/** Models that were examined by older rules: what the present ones touch is examined again. */
export interface Rescan {
  /** Of the present rules. */
  readonly version: number;
  readonly touched: number;
  readonly done: number;
  /** In which nothing can be judged differently. */
  readonly untouched: number;
}

interface ReviewDependencies {
  readonly selfId: string;
  readonly guard: ModelGuard;
  readonly rules: WatchedRuleset;
  readonly reports: ReportStore;
  /** Whether there is a sandbox: what was not proven for lack of one is not examined yet. */
  readonly proves: boolean;
}

/** Decides which models new rules are about, by what changed in the rules and by the reports that are kept. */
export class RulesetReview {
  readonly #dependencies: ReviewDependencies;
  /** What this node said by older rules → what of the present ones is about it; undefined: nothing. */
  #decided = new Map<string, string | undefined>();
  #decidedFor: Uint8Array | undefined;

  constructor(dependencies: ReviewDependencies) {
    this.#dependencies = dependencies;
  }

  /** Looks at every model again if the rules are others than before; whether they were. */
  async decide(): Promise<boolean> {
    const { guard, rules } = this.#dependencies;
    const { current } = rules;
    if (this.#decidedFor && equalBytes(this.#decidedFor, current.id)) return false;
    const decided = new Map<string, string | undefined>();
    for (const id of guard.clearance.manifests()) {
      const own = this.#own(id);
      if (own && !this.#isPresent(own)) decided.set(id, await this.#whyAgain(own));
    }
    this.#decided = decided;
    this.#decidedFor = current.id;
    return true;
  }

  of(id: string): Decision {
    const own = this.#own(id);
    if (!own) return { state: 'new' };
    if (this.#isPresent(own)) return { state: 'examined' };
    // Before the decision on new rules nothing is in the queue because of them.
    const why = this.#decided.get(id);
    return why === undefined ? { state: 'untouched' } : { state: 'touched', why, name: own.name };
  }

  /** Undefined when nothing was examined by older rules. */
  progress(): Rescan | undefined {
    if (this.#decided.size === 0) return undefined;
    const touched = [...this.#decided].filter(([, why]) => why !== undefined).map(([id]) => id);
    const done = touched.filter((id) => this.of(id).state === 'examined').length;
    const untouched = this.#decided.size - touched.length;
    return { version: this.#dependencies.rules.current.version, touched: touched.length, done, untouched };
  }

  #own(id: string): Attestation | undefined {
    const { guard, selfId, proves } = this.#dependencies;
    const own = guard.clearance.about(id).find(({ authority }) => authority === selfId);
    return own?.verdict === 'unproven' && proves ? undefined : own;
  }

  #isPresent({ ruleset, scanner }: Attestation): boolean {
    return equalBytes(ruleset.id, this.#dependencies.rules.current.id) && scanner === SCANNER_VERSION;
  }

  async #whyAgain({ ruleset, report: hash }: Attestation): Promise<string | undefined> {
    const { rules, reports } = this.#dependencies;
    const before = await rules.archive.find(ruleset.id);
    const report = await reports.find(hash);
    if (!before || !report) return 'the rules of its last examination are unknown';
    const affected = affectedBy(before, rules.current, report);
    const [first] = affected;
    if (!first) return undefined;
    return affected.length === 1 ? `${first.by}: ${first.path}` : `${first.by}: ${affected.length} files`;
  }
}
