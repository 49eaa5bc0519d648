import type { ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const VERIFICATION_ERRORS = {
  AUDITOR_BUSY: [503, 'an auditor has as much to do as it takes'],
  AUDITOR_MISSING: [503, 'no other node can compute the work again'],
  AUDIT_INVALID: [400, 'an audit asks for something that cannot be computed'],
  CHAIN_BROKEN: [502, 'a receipt continues work that was not handed in'],
  CONTINUITY_BROKEN: [502, 'two stages do not agree on what passed between them'],
  INPUTS_INVALID: [502, 'a stage has signed other inputs than those that were sent'],
  INPUTS_MISSING: [502, 'a stage cannot be asked for its inputs'],
  INPUTS_WITHHELD: [502, 'a stage does not hand over its inputs'],
  LOG_FULL: [503, 'a node can keep no more evidence now'],
  RECEIPTS_MISSING: [502, 'a stage handed in no receipt'],
  TICKET_EXPIRED: [409, 'a ticket is not good any more'],
  TICKET_INVALID: [400, 'a ticket is for something or somebody else'],
  VERDICT_INVALID: [502, "an auditor's verdict does not hold"],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    verification: typeof VERIFICATION_ERRORS;
  }
}
