export { AnswerRecord } from './answer-record.ts';
export { type AuditCandidate, type AuditOutcome, type AuditPlan, audit, drawAudit } from './audit.ts';
export { Auditor, type ExecutorFor } from './auditor.ts';
export { openChain, type SignedReceipt } from './chain.ts';
export { AUDIT_PROTOCOL, CHUNK_POSITIONS, INPUTS_PROTOCOL } from './constants.ts';
export { chunkHash, rowHashes } from './hashes.ts';
export { fetchInputs, serveInputs } from './inputs.ts';
export { ReceiptSigner } from './receipt-signer.ts';
export * from './statements.ts';
