import { randomInt } from 'node:crypto';
import { BitorchError, codeOf, equalBytes } from '#base';
import type { SigningKey } from '#crypto';
import type { StageOffer } from '#execution';
import { type FrameStream, type Host, type PeerAddress, publicKeyOf, remoteError } from '#network';
import type { AnswerRecord } from './answer-record.ts';
import { type AuditAnswer, decodeAuditAnswer, encodeAuditRequest } from './audit-messages.ts';
import type { SignedReceipt } from './chain.ts';
import {
  AUDIT_PROTOCOL,
  AUDIT_TIMEOUT_MS,
  STATEMENT_VERSION,
  STATES_FRAME_BYTES,
  TICKET_LIFE_MS,
} from './constants.ts';
import { fetchInputs } from './inputs.ts';
import { openVerdict, signTicket, type Verdict } from './statements.ts';
import { areSigned, sendStates } from './states.ts';

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

/** What came of an audit. There is no verdict on a stage that signed its work and refuses to show what it computed with. */
export type AuditOutcome =
  | { readonly passed: boolean; readonly verdict: Verdict }
  | { readonly passed: false; readonly verdict: undefined };

export interface AuditDependencies {
  readonly host: Pick<Host, 'id' | 'open'>;
  readonly key: SigningKey;
  /** Floats a row. */
  readonly width: number;
  readonly signal: AbortSignal;
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
 * Has the drawn chunk re-executed. A verdict that differs, and a stage that answers this client and withholds what it computed
 * with, are `passed: false`. Throws what keeps the auditor from a verdict and is nobody's proven fault: REMOTE_ERROR,
 * INPUTS_MISSING, PEER_UNREACHABLE, VERDICT_INVALID.
 */
export async function audit(
  record: AnswerRecord,
  plan: AuditPlan,
  dependencies: AuditDependencies,
): Promise<AuditOutcome> {
  const { host, key } = dependencies;
  const { stage, auditor, to } = plan;
  const chain = record.receiptsOf(plan.hop).filter(({ receipt }) => receipt.to <= to);
  const tip = chain.at(-1);
  if (tip?.receipt.to !== to)
    throw new BitorchError('RECEIPTS_MISSING', `${stage.name} gave no receipt up to position ${to}`);
  if (!equalBytes(tip.receipt.client, key.publicKey))
    throw new BitorchError('RECEIPT_INVALID', `${stage.name} signed its work for another client`);
  const signal = AbortSignal.any([dependencies.signal, AbortSignal.timeout(AUDIT_TIMEOUT_MS)]);
  const stream = await host.open(auditor, AUDIT_PROTOCOL, STATES_FRAME_BYTES, { signal });
  try {
    await stream.send(
      encodeAuditRequest({
        stage: stage.id,
        receipts: chain.map(({ signed }) => signed),
        ticket: signTicket(
          {
            version: STATEMENT_VERSION,
            session: record.plan.session,
            stage: stage.id,
            auditor: auditor.id,
            receipt: tip.id,
            expires: Date.now() + TICKET_LIFE_MS,
          },
          key,
        ),
      }),
    );
    let answer = await readAnswer(stream, auditor, signal);
    if ('inputs' in answer) {
      const inputs = await supply(record, plan, chain, { ...dependencies, signal });
      if (!inputs) return { passed: false, verdict: undefined };
      await sendStates(stream, inputs, dependencies.width);
      answer = await readAnswer(stream, auditor, signal);
    }
    if (!('verdict' in answer)) throw invalid(auditor, 'asked for the same inputs twice');
    return outcomeOf(openVerdict(answer.verdict, publicKeyOf(auditor.id)), chain, plan);
  } finally {
    stream.abort();
  }
}

async function readAnswer(
  stream: FrameStream,
  auditor: AuditCandidate,
  signal: AbortSignal,
): Promise<Exclude<AuditAnswer, { error: unknown }>> {
  const frame = await stream.read(signal);
  if (!frame) throw new BitorchError('STREAM_CLOSED', `${auditor.name} ended the audit without a verdict`);
  const answer = decodeAuditAnswer(frame);
  if ('error' in answer) throw remoteError(auditor.name, auditor.id, answer.error);
  return answer;
}

/**
 * The auditor says that it got no inputs, which may be the stage's fault, the network's or its own. So this client asks the
 * stage, and where that cannot be reached, takes the same rows from what it sent itself or from the log of the stage before.
 * Undefined when the stage answers and withholds them. Throws INPUTS_MISSING when nobody can be asked.
 */
async function supply(
  record: AnswerRecord,
  { hop, stage, to }: AuditPlan,
  chain: readonly SignedReceipt[],
  { host, width, signal }: AuditDependencies,
): Promise<Float32Array | undefined> {
  const { session } = record.plan;
  const ask = (peer: PeerAddress, receipt: Uint8Array, side: 'input' | 'output') =>
    fetchInputs(host, peer, { session, client: host.id, receipt, side, ticket: null }, { to, width }, signal);
  try {
    const inputs = await ask(stage, chain.at(-1)!.id, 'input');
    return (await areSigned(inputs, chain, 'input')) ? inputs : undefined;
  } catch (error) {
    if (codeOf(error) === 'INPUTS_WITHHELD') return undefined;
    if (hop === 0) return record.inputs(to);
    const before = record.receiptsOf(hop - 1).find(({ receipt }) => receipt.to === to);
    if (!before) throw error;
    return ask(record.plan.route[hop - 1]!, before.id, 'output').catch(() => {
      throw error;
    });
  }
}

/** A verdict counts when it is on the receipts that were sent, and when it passes, on the last of them. */
function outcomeOf(verdict: Verdict, chain: readonly SignedReceipt[], plan: AuditPlan): AuditOutcome {
  const judged = chain.find(({ id }) => equalBytes(id, verdict.receipt));
  const ours =
    judged !== undefined &&
    verdict.stage === plan.stage.id &&
    verdict.auditor === plan.auditor.id &&
    verdict.from === judged.receipt.from &&
    verdict.to === judged.receipt.to &&
    equalBytes(verdict.session, judged.receipt.session) &&
    equalBytes(verdict.manifest, judged.receipt.manifest) &&
    equalBytes(verdict.client, judged.receipt.client) &&
    equalBytes(verdict.input, judged.receipt.input) &&
    equalBytes(verdict.signed, judged.receipt.output);
  if (!ours) throw invalid(plan.auditor, 'judged other work than it was asked to');
  const passed = verdict.recomputed !== null && equalBytes(verdict.recomputed, verdict.signed);
  if (passed && judged !== chain.at(-1)) throw invalid(plan.auditor, 'did not judge all of the work');
  return { passed, verdict };
}

const invalid = ({ name, id }: AuditCandidate, what: string) =>
  new BitorchError('VERDICT_INVALID', `${name} ${what}`, { auditor: id });
