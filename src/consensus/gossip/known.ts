import { dropOldest } from '#base';
import { hasBit } from '#ledger';
import { MAX_VALIDATORS } from '../constants.ts';
import { RESEND_MS } from './constants.ts';

/**
 * Which items of a numbered list a peer has, as far as we know: reported by it, or sent to it. Bitmaps, so storing
 * a report costs no more than sending it.
 */
export class KnownItems {
  #had: Uint8Array;
  /**
   * Sent less than RESEND_MS ago, and sent before that: a peer that reports to lack them may not have read them
   * yet.
   */
  #sent: Uint8Array;
  #sentBefore: Uint8Array;
  #turnedAt = Number.NEGATIVE_INFINITY;

  constructor(size: number) {
    const bytes = Math.ceil(size / 8);
    this.#had = new Uint8Array(bytes);
    this.#sent = new Uint8Array(bytes);
    this.#sentBefore = new Uint8Array(bytes);
  }

  has(index: number): boolean {
    return hasBit(this.#had, index) || hasBit(this.#sent, index) || hasBit(this.#sentBefore, index);
  }

  note(index: number): void {
    setBit(this.#had, index);
  }

  noteSent(index: number, now: number): void {
    this.#turn(now);
    setBit(this.#sent, index);
  }

  /** The peer's report overrides what we assumed: it may have dropped something. */
  said(bits: Uint8Array, now: number): void {
    this.#turn(now);
    this.#had.fill(0);
    this.#had.set(bits.subarray(0, this.#had.length));
  }

  #turn(now: number): void {
    if (now - this.#turnedAt < RESEND_MS) return;
    this.#turnedAt = now;
    for (let i = 0; i < this.#had.length; i++) this.#had[i]! |= this.#sentBefore[i]!;
    [this.#sent, this.#sentBefore] = [this.#sentBefore, this.#sent];
    this.#sent.fill(0);
  }
}

/** What a peer has of one round, except the proposal's parts. */
export class KnownRound {
  readonly prevotes = new KnownItems(MAX_VALIDATORS);
  readonly precommits = new KnownItems(MAX_VALIDATORS);
  /** See PROPOSAL, POLKA and COMMIT. */
  readonly others = new KnownItems(8);
}

export const PROPOSAL = 0;
export const POLKA = 1;
export const COMMIT = 2;

function setBit(of: Uint8Array, index: number): void {
  if (index >> 3 < of.length) of[index >> 3]! |= 1 << (index & 7);
}

/** The value of a key, created if absent; evicts the oldest beyond `most`. */
export function recall<K, V>(from: Map<K, V>, key: K, make: () => V, most: number): V {
  const known = from.get(key);
  if (known !== undefined) return known;
  const made = make();
  from.set(key, made);
  dropOldest(from, most);
  return made;
}
