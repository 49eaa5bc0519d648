import type { Random } from './random.ts';

export interface Sample {
  path: string;
  bytes: Uint8Array;
  /** Files beside it. */
  beside?: { path: string; bytes: Uint8Array }[];
  /** One of the findings must be called like this. */
  rule: RegExp;
}

/** Attacks of one kind; each call makes another one. */
export interface Family {
  name: string;
  make(random: Random): Sample;
}
