import { dropOldest, type Logger, messageOf, toHex } from '#base';
import { type Equivocation, offendersOf } from '#ledger';
import { type CheckTxResult, errorOf } from '../application/index.ts';

export interface EvidenceReportsDependencies {
  /** Submits the transaction that reports this evidence. */
  readonly submit: (evidence: Equivocation) => Promise<CheckTxResult>;
  readonly log: Logger;
}

/** Evidence kept for another try, at most; the oldest is dropped. */
const MAX_KEPT = 256;
/** Refusals that say nothing about the evidence. */
const FOR_NOW: ReadonlySet<string> = new Set(['MEMPOOL_CONFLICT', 'MEMPOOL_FULL', 'POOL_BUSY']);

/**
 * Submits evidence until the ledger takes or refuses it. One transaction for each offender waits in a pool: an offender that
 * reports itself for a later offence would otherwise keep out the evidence of an earlier one, which reaches more of its stake.
 */
export class EvidenceReports {
  readonly #deps: EvidenceReportsDependencies;
  readonly #kept = new Map<string, Equivocation>();

  constructor(dependencies: EvidenceReportsDependencies) {
    this.#deps = dependencies;
  }

  /** Never throws. */
  async report(evidence: Equivocation): Promise<void> {
    const { submit, log } = this.#deps;
    const name = nameOf(evidence);
    try {
      const answer = await submit(evidence);
      if (answer.code === 0) return;
      log.info({ reason: answer.log }, 'the evidence is already known or was refused');
      if (FOR_NOW.has(errorOf(answer).code)) this.#keep(name, evidence);
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'cannot submit evidence');
    }
  }

  /** Submits again what was refused for now; call it after each block. */
  async retry(): Promise<void> {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    for (const evidence of kept) await this.report(evidence);
  }

  #keep(name: string, evidence: Equivocation): void {
    this.#kept.set(name, evidence);
    dropOldest(this.#kept, MAX_KEPT);
  }
}

const nameOf = (evidence: Equivocation): string =>
  [evidence.height, evidence.round, evidence.kind, ...offendersOf(evidence).map(toHex)].join('/');
