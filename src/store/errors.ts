import type { ErrorTable } from '#base';

/** Error codes of the store: HTTP status, meaning, and exit code if it is not 1. */
export const STORE_ERRORS = {
  STORE_CLOSED: [503, 'the store was closed'],
  STORE_UNREADABLE: [500, 'the store cannot be opened or read'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    store: typeof STORE_ERRORS;
  }
}
