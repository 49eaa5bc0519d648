import { BitorchError, codeOf, messageOf, toHex } from '#base';
import type { SigningKey } from '#crypto';
import type { StageOffer } from '#execution';
import type { Host } from '#network';
import { type AnswerRecord, type AuditOutcome, type AuditPlan, audit, drawAudit } from '#verification';
import type { AuditResult, Hop } from './api.ts';
import type { Directory } from './directory.ts';
import type { FailureMemory } from './failures.ts';

/** Answers whose audit can still be asked for. */
const ANSWERS_KEPT = 1000;
/** How heavily failed audits count beside failed sessions. */
const PROVEN_WEIGHT = 6;
/** What this node has found out by itself about stages, not what another told it. */
const OWN_FINDINGS = new Set(['CONTINUITY_BROKEN', 'RECEIPT_INVALID']);

export interface AuditingDependencies {
  readonly host: Host;
  readonly key: SigningKey;
  readonly directory: Directory;
  readonly failures: FailureMemory;
  readonly signal: AbortSignal;
  readonly onAudit: (audit: AuditResult) => void;
}

/** Has each answer's stages checked, and keeps what came of it. */
export class AnswerAudits {
  readonly #dependencies: AuditingDependencies;
  readonly #results = new Map<string, AuditResult>();

  constructor(dependencies: AuditingDependencies) {
    this.#dependencies = dependencies;
  }

  find(answerId: string): AuditResult | undefined {
    return this.#results.get(answerId);
  }

  /** The answer was cut short. */
  skip(answerId: string): void {
    this.#tell({
      answerId,
      state: 'unavailable',
      summary: 'The answer was stopped, so its stages handed in no last receipts.',
    });
  }

  /** The answer is complete and every stage has handed in its receipts; `width` is the floats of a row. */
  start(answerId: string, record: AnswerRecord, width: number): void {
    this.#audit(answerId, record, width).catch((error: unknown) => {
      const failed = OWN_FINDINGS.has(codeOf(error));
      this.#suspect(error, failed);
      this.#tell({
        answerId,
        state: failed ? 'failed' : 'unavailable',
        summary: `Not verified: ${messageOf(error)}.`,
      });
    });
  }

  async #audit(answerId: string, record: AnswerRecord, width: number): Promise<void> {
    const { directory, host, failures } = this.#dependencies;
    record.checkContinuity();
    const candidates = directory
      .nodes()
      .filter((node) => node.audits && node.reachable && node.id !== host.id);
    const plan = drawAudit(record, candidates);
    const { from, to, stage } = plan;
    const auditor = { nodeId: plan.auditor.id, name: plan.auditor.name };
    const work = { answerId, stage: hopOf(stage), auditor, from, to };
    this.#tell({
      ...work,
      state: 'pending',
      summary: `${auditor.name} re-executes ${describe(plan)} from ${stage.name}.`,
    });
    const outcome = await audit(record, plan, { ...this.#dependencies, width });
    if (!outcome.passed) failures.note(stage.id, PROVEN_WEIGHT);
    this.#tell({ ...work, ...resultOf(plan, outcome) });
  }

  /** Stages that left an answer without proof are avoided for a while, those that contradict themselves for longer. */
  #suspect(error: unknown, failed: boolean): void {
    const stages = error instanceof BitorchError ? error.details.stages : undefined;
    if (!Array.isArray(stages)) return;
    for (const id of stages) this.#dependencies.failures.note(id, failed ? PROVEN_WEIGHT : 1);
  }

  #tell(result: AuditResult): void {
    this.#results.delete(result.answerId);
    this.#results.set(result.answerId, result);
    for (const id of this.#results.keys()) if (this.#results.size > ANSWERS_KEPT) this.#results.delete(id);
    this.#dependencies.onAudit(result);
  }
}

export const hopOf = ({ id, name, first, end }: StageOffer): Hop => ({ nodeId: id, name, first, end });

const describe = ({ from, to, stage }: AuditPlan): string =>
  `positions ${from}–${to - 1} of blocks ${stage.first}–${stage.end - 1}`;

function resultOf(plan: AuditPlan, { passed, verdict }: AuditOutcome) {
  const { stage, auditor } = plan;
  if (!verdict) {
    const summary = `${stage.name} signed ${describe(plan)} and did not hand over what it computed with.`;
    return { state: 'failed', summary } as const;
  }
  const { from, to, signed, recomputed } = verdict;
  const hashes = { signed: toHex(signed), ...(recomputed && { recomputed: toHex(recomputed) }) };
  if (passed) {
    const summary = `${auditor.name} re-executed ${describe(plan)} and got the same bits as ${stage.name}.`;
    return { ...hashes, from, to, state: 'passed', summary } as const;
  }
  const summary = `${stage.name} did not compute what it signed: ${auditor.name} got other bits for positions ${from}–${to - 1}.`;
  return { ...hashes, from, to, state: 'failed', summary } as const;
}
