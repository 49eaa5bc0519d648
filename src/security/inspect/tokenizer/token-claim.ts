/** A statement of a file that an id belongs to a control token. */
export interface TokenClaim {
  readonly id: number;
  /** The token that has the id according to the file; undefined if it names none. */
  readonly token: string | undefined;
  readonly place: string;
}

/** Maximum claims of a file; published ones have a few thousand added tokens at most. */
export const MAX_CLAIMS = 1 << 13;
