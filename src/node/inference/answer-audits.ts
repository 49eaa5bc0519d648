import { randomInt } from 'node:crypto';
import { BitorchError, codeOf, messageOf, toHex } from '#base';
import type { SigningKey } from '#crypto';
import type { StageOffer } from '#execution';
import type { Host } from '#network';
import { type AnswerRecord, type AuditOutcome, type AuditPlan, audit, drawAudit } from '#verification';
import type { AuditResult, Hop } from '../api/node-api.ts';
import type { Directory, KnownNode } from '../peers/directory.ts';
import type { FailureMemory } from './failure-memory.ts';

/** Answers whose audit can still be asked for. */
const ANSWERS_KEPT = 1000;
/** Anybody can say that he audits: so many are tried for an answer. */
const AUDITORS_TRIED = 8;
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
    const auditors = auditorsInTurn(candidates, stage.id, (id) => host.isConnected(id));
    const { outcome, auditor } = await this.#firstReached(auditors.slice(0, AUDITORS_TRIED), (one) => {
      const work = { answerId, stage: hopOf(stage), auditor: { nodeId: one.id, name: one.name }, from, to };
      const summary = `${one.name} re-executes ${describe(plan)} from ${stage.name}.`;
      this.#tell({ ...work, state: 'pending', summary });
      return audit(record, { ...plan, auditor: one }, { ...this.#dependencies, width });
    });
    const work = {
      answerId,
      stage: hopOf(stage),
      auditor: { nodeId: auditor.id, name: auditor.name },
      from,
      to,
    };
    if (!outcome.passed) failures.note(stage.id, PROVEN_WEIGHT);
    this.#tell({ ...work, ...resultOf({ ...plan, auditor }, outcome) });
  }

  /** Stage and chunk stay as they were drawn: an auditor that cannot be reached, or has no time, chooses nothing. */
  async #firstReached<T extends KnownNode>(
    auditors: readonly T[],
    ask: (auditor: T) => Promise<AuditOutcome>,
  ): Promise<{ outcome: AuditOutcome; auditor: T }> {
    for (const [i, auditor] of auditors.entries()) {
      try {
        return { outcome: await ask(auditor), auditor };
      } catch (error) {
        if (!isOccupied(error) || i === auditors.length - 1) throw error;
      }
    }
    throw new BitorchError('AUDITOR_MISSING', 'no other node can re-execute the work');
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

/** Auditors of a stage's work in a random order, those first that this node is connected with: who is not may be made up. */
export function auditorsInTurn<T extends { readonly id: string }>(
  candidates: readonly T[],
  stage: string,
  isConnected: (id: string) => boolean,
): T[] {
  return candidates
    .filter(({ id }) => id !== stage)
    .map((node) => ({ node, order: randomInt(2 ** 32) + (isConnected(node.id) ? 0 : 2 ** 32) }))
    .sort((a, b) => a.order - b.order)
    .map(({ node }) => node);
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

const NO_TIME = ['AUDITOR_BUSY', 'BUDGET_EXCEEDED'];

const isOccupied = (error: unknown): boolean =>
  codeOf(error) === 'PEER_UNREACHABLE' ||
  (error instanceof BitorchError && NO_TIME.includes(`${error.details.code}`));
