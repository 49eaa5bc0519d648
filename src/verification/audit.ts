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

/** The stage and chunk of an answer to audit, and the auditor. */
export interface AuditPlan {
  readonly hop: number;
  readonly stage: StageOffer;
  readonly auditor: AuditCandidate;
  /** Positions [from, to) of the audited chunk. */
  readonly from: number;
  readonly to: number;
}

/** Result of an audit. A stage that withholds the inputs of work it signed fails without a verdict. */
export type AuditOutcome =
  | { readonly passed: boolean; readonly verdict: Verdict }
  | { readonly passed: false; readonly verdict: undefined };

export interface AuditDependencies {
  readonly host: Pick<Host, 'id' | 'open'>;
  readonly key: SigningKey;
  /** Width of a row in f32. */
  readonly width: number;
  readonly signal: AbortSignal;
}

/**
 * Draws a random stage, one of its chunks and an auditor other than the stage. Throws AUDITOR_MISSING when there is no candidate,
 * RECEIPTS_MISSING when the stage sent no receipts.
 */
export function drawAudit(record: AnswerRecord, candidates: readonly AuditCandidate[]): AuditPlan {
  const hop = randomInt(record.plan.route.length);
  const stage = record.plan.route[hop]!;
  const others = candidates.filter(({ id }) => id !== stage.id);
  if (others.length === 0)
    throw new BitorchError('AUDITOR_MISSING', `no other node can re-execute the work of ${stage.name}`);
  const receipts = record.receiptsOf(hop);
  if (receipts.length === 0) throw new BitorchError('RECEIPTS_MISSING', `${stage.name} sent no receipts`);
  const { from, to } = receipts[randomInt(receipts.length)]!.receipt;
  return { hop, stage, auditor: others[randomInt(others.length)]!, from, to };
}

/**
 * Has the planned chunk re-executed by the auditor. The result is `passed: false` when the recomputed output differs, or when
 * the stage responds to this client but withholds its inputs. Throws REMOTE_ERROR, INPUTS_MISSING, PEER_UNREACHABLE or
 * VERDICT_INVALID when there is no verdict and the stage is not provably at fault, and RECEIPTS_MISSING or RECEIPT_INVALID when
 * the record does not cover the chunk.
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
    throw new BitorchError('RECEIPTS_MISSING', `${stage.name} sent no receipt up to position ${to}`);
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
    if (!('verdict' in answer)) throw invalid(auditor, 'requested the same inputs twice');
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
 * Supplies the inputs that the auditor could not fetch, be it the fault of the stage, the network or the auditor. Requests them
 * from the stage; if that is unreachable, takes the same rows from what this client sent or from the log of the previous stage.
 * Undefined when the stage responds but withholds them. Throws INPUTS_MISSING when no source is available.
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

/**
 * Accepts a verdict only if it is about one of the receipts sent; a verdict that passes must be about the last one. Throws
 * VERDICT_INVALID otherwise.
 */
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
  if (!ours) throw invalid(plan.auditor, 'returned a verdict on other work than requested');
  const passed = verdict.recomputed !== null && equalBytes(verdict.recomputed, verdict.signed);
  if (passed && judged !== chain.at(-1)) throw invalid(plan.auditor, 'did not re-execute all of the work');
  return { passed, verdict };
}

const invalid = ({ name, id }: AuditCandidate, what: string) =>
  new BitorchError('VERDICT_INVALID', `${name} ${what}`, { auditor: id });
