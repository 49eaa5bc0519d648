import { randomInt } from 'node:crypto';
import { BitorchError, check, equalBytes, toHex, z } from '#base';
import type { SigningKey } from '#crypto';
import type { StageOffer } from '#execution';
import { type Host, type PeerAddress, publicKeyOf } from '#network';
import type { AnswerRecord } from './answer-record.ts';
import type { AuditRequest } from './auditor.ts';
import { AUDIT_PROTOCOL, AUDIT_TIMEOUT_MS } from './constants.ts';
import { openVerdict, signTicket, type Verdict } from './statements.ts';

export interface AuditCandidate extends PeerAddress {
  readonly name: string;
}

/** Which stage and chunk of an answer is audited, by whom. */
export interface AuditPlan {
  readonly hop: number;
  readonly stage: StageOffer;
  readonly auditor: AuditCandidate;
  /** Positions [from, to) of the audited chunk. */
  readonly from: number;
  readonly to: number;
}

export interface AuditOutcome {
  readonly verdict: Verdict;
  readonly passed: boolean;
}

/** Draws a stage, one of its chunks and an auditor other than the stage. Throws AUDITOR_MISSING, RECEIPTS_MISSING. */
export function drawAudit(record: AnswerRecord, candidates: readonly AuditCandidate[]): AuditPlan {
  const hop = randomInt(record.plan.route.length);
  const stage = record.plan.route[hop]!;
  const others = candidates.filter(({ id }) => id !== stage.id);
  if (others.length === 0)
    throw new BitorchError('AUDITOR_MISSING', `no other node can re-execute the work of ${stage.name}`);
  const receipts = record.receiptsOf(hop);
  if (receipts.length === 0) throw new BitorchError('RECEIPTS_MISSING', `${stage.name} gave no receipts`);
  const { from, to } = receipts[randomInt(receipts.length)]!.receipt;
  return { hop, stage, auditor: others[randomInt(others.length)]!, from, to };
}

/**
 * Has the drawn chunk re-executed. Throws what keeps the auditor from a verdict; a verdict that differs is not an
 * error but `passed: false`.
 */
export async function audit(
  record: AnswerRecord,
  plan: AuditPlan,
  dependencies: { host: Host; key: SigningKey; width: number; signal: AbortSignal },
): Promise<AuditOutcome> {
  const { host, key, width, signal } = dependencies;
  const { stage, auditor, to } = plan;
  const { session } = record.plan;
  const receipts = record.receiptsOf(plan.hop).filter(({ receipt }) => receipt.to <= to);
  const request: AuditRequest = {
    stage: { id: stage.id, addresses: [...stage.addresses] },
    receipts: receipts.map(({ signed }) => signed),
    ticket: signTicket({ session, stage: stage.id, auditor: auditor.id, to }, key),
    session,
    width,
  };
  const limits = { timeoutMs: AUDIT_TIMEOUT_MS, signal };
  const answer = await host.request(auditor, AUDIT_PROTOCOL, request, limits);
  const verdict = openVerdict(
    check(z.instanceof(Uint8Array), answer, 'audit answer'),
    publicKeyOf(auditor.id),
  );
  const judged = receipts.find(
    ({ receipt }) => receipt.from === verdict.from && receipt.to === verdict.to,
  )?.receipt;
  if (
    !judged ||
    verdict.stage !== stage.id ||
    toHex(verdict.session) !== toHex(session) ||
    !equalBytes(verdict.signed, judged.output)
  ) {
    throw new BitorchError('VERDICT_INVALID', `${auditor.name} judged other work than it was asked to`);
  }
  return { verdict, passed: equalBytes(verdict.recomputed, judged.output) };
}
