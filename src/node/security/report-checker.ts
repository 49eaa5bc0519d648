import { backoffMs, codeOf, type Logger, messageOf, toHex, Wakeup } from '#base';
import type { Manifest } from '#distribution';
import type { Host, PeerAddress } from '#network';
import {
  type Attestation,
  contradictions,
  fetchDocument,
  openReport,
  type Report,
  type ReportStore,
} from '#security';
import type { Library } from '../models/library.ts';
import type { Directory } from '../peers/directory.ts';
import type { ModelGuard } from './model-guard.ts';

const LOOK_MS = 500;
/** A report that nobody has is asked for again after this long, and twice as long after each failure. */
const RETRY = { firstMs: 2_000, lastMs: 600_000 };
const ASKED_AT_A_TIME = 4;
const CHECKS_AT_A_TIME = 8;
/** For one report from one node. */
const FETCH_MS = 30_000;

interface CheckDependencies {
  readonly host: Host;
  readonly guard: ModelGuard;
  readonly directory: Directory;
  readonly library: Library;
  readonly reports: ReportStore;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface ReportCheck {
  /** `missing`: nobody who was asked has it. */
  readonly state: 'waiting' | 'agrees' | 'contradicts' | 'missing';
  readonly problems: readonly string[];
}

interface Attempt extends ReportCheck {
  readonly times: number;
  readonly retryAt: number;
  /** Whether the manifest was known, and so the files could be held against it. */
  readonly whole: boolean;
}

const WAITING: ReportCheck = { state: 'waiting', problems: [] };

/**
 * Fetches the report that each trusted word names, and holds the word against it: who clears what the report refuses, or
 * names a report of other files, has cleared nothing.
 */
export class ReportChecker {
  readonly #dependencies: CheckDependencies;
  readonly #attempts = new WeakMap<Attestation, Attempt>();
  /** What wakes the loop: news of a model, or a check that has ended. */
  readonly #news = new Wakeup();
  /** Side by side: a node that does not answer keeps nobody else's report. */
  readonly #underWay = new Map<Attestation, Promise<void>>();
  #running: Promise<void> = Promise.resolve();

  constructor(dependencies: CheckDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    const { guard } = this.#dependencies;
    guard.clearance.onChange(() => this.#news.wake());
    this.#running = this.#run();
  }

  stop(): Promise<void> {
    return this.#running;
  }

  of(attestation: Attestation): ReportCheck {
    return this.#attempts.get(attestation) ?? WAITING;
  }

  async #run(): Promise<void> {
    const { guard, signal } = this.#dependencies;
    while (!signal.aborted) {
      const words = guard.clearance.manifests().flatMap((id) => guard.clearance.about(id));
      const due = words.filter((word) => this.#isDue(word) && !this.#underWay.has(word));
      for (const word of due.slice(0, CHECKS_AT_A_TIME - this.#underWay.size)) this.#begin(word);
      await this.#news.wait({ ms: LOOK_MS, signal });
    }
    await Promise.all(this.#underWay.values());
  }

  #begin(word: Attestation): void {
    const { log } = this.#dependencies;
    const check = this.#check(word)
      .catch((error: unknown) => {
        log.warn({ error: messageOf(error) }, 'a report could not be checked');
        this.#isMissing(word);
      })
      .finally(() => {
        this.#underWay.delete(word);
        this.#news.wake();
      });
    this.#underWay.set(word, check);
  }

  #isDue(attestation: Attestation): boolean {
    const attempt = this.#attempts.get(attestation);
    if (!attempt) return true;
    if (attempt.state === 'missing') return attempt.retryAt <= Date.now();
    return !attempt.whole && this.#manifestOf(attestation) !== undefined;
  }

  async #check(attestation: Attestation): Promise<void> {
    const { guard, log } = this.#dependencies;
    const times = (this.#attempts.get(attestation)?.times ?? 0) + 1;
    const report = await this.#obtain(attestation);
    if (!report) return this.#isMissing(attestation);
    const manifest = this.#manifestOf(attestation);
    const problems = contradictions(attestation, report, manifest);
    const state = problems.length > 0 ? 'contradicts' : 'agrees';
    this.#attempts.set(attestation, { state, problems, times, retryAt: 0, whole: manifest !== undefined });
    if (problems.length === 0) return guard.clearance.confirm(attestation);
    const { authority } = attestation;
    log.warn({ model: toHex(attestation.manifest), authority, problems }, 'a word contradicts its report');
    guard.clearance.discredit(attestation);
  }

  #isMissing(attestation: Attestation): void {
    const times = (this.#attempts.get(attestation)?.times ?? 0) + 1;
    const retryAt = Date.now() + backoffMs(RETRY, times);
    this.#attempts.set(attestation, { state: 'missing', problems: [], times, retryAt, whole: false });
  }

  #manifestOf({ manifest }: Attestation): Manifest | undefined {
    return this.#dependencies.library.find(toHex(manifest))?.manifest;
  }

  async #obtain({ report: hash, authority, manifest }: Attestation): Promise<Report | undefined> {
    const { host, reports, log, signal } = this.#dependencies;
    const held = await reports.find(hash);
    if (held) return held;
    for (const peer of this.#whoMayHave(authority, toHex(manifest))) {
      try {
        const within = AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]);
        const bytes = await fetchDocument(host, peer, { kind: 'report', id: hash }, within);
        const report = openReport(bytes, hash);
        await reports.keep(report);
        return report;
      } catch (error) {
        if (signal.aborted) return undefined;
        log.debug({ peer: peer.id, code: codeOf(error), error: messageOf(error) }, 'report not obtained');
      }
    }
    return undefined;
  }

  /** The authority, then those who hold the model: they have checked it as well. */
  #whoMayHave(authority: string, id: string): PeerAddress[] {
    const { directory, host } = this.#dependencies;
    const first = directory.find(authority);
    const holders = directory.holdersOf(id).filter((node) => node.id !== host.id && node.id !== authority);
    return [...(first?.reachable && authority !== host.id ? [first] : []), ...holders].slice(
      0,
      ASKED_AT_A_TIME,
    );
  }
}
