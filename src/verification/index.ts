export { AnswerRecord } from './answer-record.ts';
export { type AuditOutcome, type AuditPlan, audit, drawAudit } from './audit.ts';
export { Auditor } from './auditor.ts';
export { openChain, type SignedReceipt } from './chain.ts';
export { AUDIT_PROTOCOL, INPUTS_PROTOCOL } from './constants.ts';
export { chunkHash, rowHashes } from './hashes.ts';
export { fetchInputs, serveInputs } from './inputs.ts';
export { ReceiptSigner } from './receipt-signer.ts';
export { openTicket, openVerdict, receiptId, signReceipt, signTicket, signVerdict } from './statements.ts';
