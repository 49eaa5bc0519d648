/**
 * A room's error codes: the HTTP status of a failed request, the meaning, and the exit code of a failed command (1 when
 * omitted).
 */
export type ErrorTable = Readonly<Record<string, readonly [status: number, meaning: string, exit?: number]>>;

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const BASE_ERRORS = {
  CODEC_INVALID: [400, 'bytes are not a canonical encoding'],
  DISK_FULL: [507, 'there is no space for a file; what was there before is unchanged'],
  JSON_INVALID: [400, 'a text is not JSON; the message has the place'],
  LOCK_INVALID: [500, 'a lock file has other content or cannot be opened'],
  OPTION_INVALID: [400, 'an option or a flag has an invalid value'],
  SCHEMA_INVALID: [400, 'a value does not match its schema; the message names the field'],
  TEXT_INVALID: [400, 'a text file is neither UTF-8 nor UTF-16'],
} as const satisfies ErrorTable;

/** The tables of all rooms; each adds its own in its `errors.ts`. */
export interface ErrorTables {
  base: typeof BASE_ERRORS;
}

/** Every code that may be thrown. */
export type ErrorCode = { [Room in keyof ErrorTables]: keyof ErrorTables[Room] }[keyof ErrorTables] & string;

/** An error that a person or a peer can act on: a stable `code`, a message that says what to do, and details. */
export class BitorchError extends Error {
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'BitorchError';
    this.code = code;
    this.details = details;
  }

  /** Wraps an error of another program, thread or peer, keeping its code, which need not be in our tables. */
  static relayed(code: string, message: string, details: Record<string, unknown> = {}): BitorchError {
    return new BitorchError(code as ErrorCode, message, details);
  }
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of any thrown value; `UNKNOWN` when it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
