import type { ErrorTable } from '#base';

/** Error codes of this folder: HTTP status, meaning, and the exit code where it is not 1. */
export const VERIFICATION_ERRORS = {
  AUDITOR_BUSY: [503, 'the auditor has no free audit slot'],
  AUDITOR_MISSING: [503, 'no other node can re-execute the work'],
  AUDIT_INVALID: [400, 'the audit request does not match its receipts, or exceeds the limits'],
  CHAIN_BROKEN: [502, 'a receipt does not continue the previous one'],
  CONTINUITY_BROKEN: [502, 'two stages signed different hidden states for the same positions'],
  INPUTS_INVALID: [502, 'the inputs differ from those that the stage signed'],
  INPUTS_MISSING: [502, 'the inputs of a stage are unavailable'],
  INPUTS_WITHHELD: [502, 'a stage refuses to disclose its inputs'],
  LOG_FULL: [503, 'the node cannot keep more evidence at the moment'],
  RECEIPTS_MISSING: [502, 'a stage sent no receipt for its work'],
  TICKET_EXPIRED: [409, 'the ticket has expired'],
  TICKET_INVALID: [400, 'the ticket is for another session, stage or auditor'],
  VERDICT_INVALID: [502, "the auditor's verdict does not match the audit request"],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    verification: typeof VERIFICATION_ERRORS;
  }
}
