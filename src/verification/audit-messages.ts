import { check, decodeCanonical, encodeCanonical, z, zBytesUpTo, zCount } from '#base';
import { MAX_AUDIT_RECEIPTS } from './constants.ts';
import { MAX_STATEMENT_BYTES } from './statements.ts';

const MAX_REQUEST_BYTES = MAX_AUDIT_RECEIPTS * 512;
const MAX_ANSWER_BYTES = 4 << 10;

const requestSchema = z.strictObject({
  /** Peer id of the audited stage. */
  stage: z.string().max(128),
  /** The stage's signed receipts from position 0 up to the audited chunk, in order. */
  receipts: z.array(zBytesUpTo(MAX_STATEMENT_BYTES)).min(1).max(MAX_AUDIT_RECEIPTS),
  /** The client's signed ticket for the stage's inputs. */
  ticket: zBytesUpTo(MAX_STATEMENT_BYTES),
});

/** A client's request to an auditor: the first frame of an audit stream. */
export type AuditRequest = z.infer<typeof requestSchema>;

const answerSchema = z.union([
  z.strictObject({ verdict: zBytesUpTo(MAX_STATEMENT_BYTES) }),
  z.strictObject({ inputs: zCount }),
  z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) }),
]);

/**
 * An auditor's answer. `verdict`: the signed verdict. `inputs`: the stage supplied no inputs; the client may send the rows of
 * positions [0, inputs) itself, after which a verdict or an error follows. `error`: why there is no verdict.
 */
export type AuditAnswer = z.infer<typeof answerSchema>;

export const encodeAuditRequest = (request: AuditRequest): Uint8Array => encodeCanonical(request);
export const encodeAuditAnswer = (answer: AuditAnswer): Uint8Array => encodeCanonical(answer);
export const decodeAuditRequest = (frame: Uint8Array): AuditRequest =>
  check(requestSchema, decodeCanonical(frame, MAX_REQUEST_BYTES), 'audit request');
export const decodeAuditAnswer = (frame: Uint8Array): AuditAnswer =>
  check(answerSchema, decodeCanonical(frame, MAX_ANSWER_BYTES), 'audit answer');
