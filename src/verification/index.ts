export { AnswerRecord, type SignedReceipt } from './answer-record.ts';
export { type AuditCandidate, type AuditOutcome, type AuditPlan, audit, drawAudit } from './audit.ts';
export { Auditor, type ExecutorFor } from './auditor.ts';
export { CHUNK_POSITIONS } from './constants.ts';
export { chunkHash, rowHashes } from './hashes.ts';
export { serveInputs } from './inputs.ts';
export * from './statements.ts';
export { StageWitness } from './witness.ts';
