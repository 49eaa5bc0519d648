import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BitorchError, concat, equalBytes, messageOf, type ReplaceFile, replaceFile, sha256 } from '#base';
import { blob, byteOf, type Decoded, decode, encode, fixed, integer, SIGNATURE_BYTES, struct } from '#ledger';
import { MAX_ROUND, PRECOMMIT, PREVOTE } from '../constants.ts';

/** The step before PREVOTE and PRECOMMIT: a validator signs in ascending order. */
export const PROPOSAL = 0;

const CHECKSUM_BYTES = 32;

const signedCodec = struct({
  height: integer(1),
  round: integer(0, MAX_ROUND),
  step: byteOf(PROPOSAL, PREVOTE, PRECOMMIT),
  /** The exact bytes that were signed. */
  bytes: blob(1024),
  signature: fixed(SIGNATURE_BYTES),
});

export type Signed = Decoded<typeof signedCodec>;

/**
 * The last thing that a validator signed, in a file of its own. Whatever else of the node is lost or replayed, it
 * never signs two different things in one step, nor anything of an earlier step.
 */
export class LastSign {
  readonly #path: string;
  readonly #replace: ReplaceFile;
  #last: Signed | undefined;
  /** False after a failed write, which may or may not have reached the disk. */
  #recorded = true;

  /**
   * Throws LAST_SIGN_DAMAGED when the file exists but cannot be read: signing without it risks a double signature.
   */
  constructor(path: string, replace: ReplaceFile = replaceFile) {
    this.#path = path;
    this.#replace = replace;
    mkdirSync(dirname(path), { recursive: true });
    if (existsSync(path)) this.#last = this.#read();
  }

  get last(): Signed | undefined {
    return this.#last;
  }

  /**
   * The signature over `bytes` for this step: a new one, recorded before it is returned, or the recorded one for
   * the same bytes. Throws DOUBLE_SIGN_REFUSED when the step is an earlier one or has other bytes, JOURNAL_FULL
   * when the record cannot be written.
   */
  sign(step: Omit<Signed, 'signature'>, sign: () => Uint8Array): Uint8Array {
    const last = this.#last;
    const order = last ? compareSteps(step, last) : 1;
    const again = order === 0 && equalBytes(step.bytes, last!.bytes);
    if (again && this.#recorded) return last!.signature;
    if (order <= 0 && !again) {
      throw new BitorchError(
        'DOUBLE_SIGN_REFUSED',
        `height ${step.height} round ${step.round} step ${step.step} is behind or conflicts with the last signature of this validator`,
        { height: last!.height, round: last!.round, step: last!.step },
      );
    }
    const signed = { ...step, signature: sign() };
    const content = encode(signedCodec, signed);
    this.#last = signed;
    this.#recorded = false;
    try {
      this.#replace(this.#path, concat([sha256(content), content]));
    } catch (error) {
      throw new BitorchError(
        'JOURNAL_FULL',
        `${this.#path} cannot be written (${messageOf(error)}): free disk space; the validator signs nothing until then`,
        { path: this.#path },
        error,
      );
    }
    this.#recorded = true;
    return signed.signature;
  }

  #read(): Signed {
    const bytes = new Uint8Array(readFileSync(this.#path));
    const content = bytes.subarray(CHECKSUM_BYTES);
    try {
      if (!equalBytes(sha256(content), bytes.subarray(0, CHECKSUM_BYTES))) throw new Error('wrong checksum');
      return decode(signedCodec, content);
    } catch (error) {
      throw new BitorchError(
        'LAST_SIGN_DAMAGED',
        `${this.#path} is damaged (${messageOf(error)}): restore it, or sign with a new key; without it this validator could sign twice`,
        { path: this.#path },
      );
    }
  }
}

function compareSteps(a: Omit<Signed, 'signature'>, b: Signed): number {
  return a.height - b.height || a.round - b.round || a.step - b.step;
}
