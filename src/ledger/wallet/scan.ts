import { toHex } from '#base';
import {
  type Account,
  addressAt,
  type Curve,
  fromLittleEndian,
  keyImageOf,
  openAmount,
  PRIMARY,
  type Recognised,
  recogniseOutput,
  type Scalar,
  type SubaddressIndex,
  scalarOf,
  sharedSecrets,
  viewOnlyAccount,
} from '#crypto';
import type { OutputRecord } from '../buckets.ts';
import { rulesFor } from '../state/minting.ts';
import type { Owned } from './contents.ts';

/** The keys that find outputs; they cannot spend them. */
export interface ViewKeys {
  readonly viewSecret: Scalar;
  readonly spendKey: Uint8Array;
}

/** An output of the wallet, with everything that is known without the spend secret and the ledger. */
export type Found = Omit<Owned, 'keyImage' | 'spentAt'>;

const NO_KEY_IMAGE = new Uint8Array(32);

/** Key image of a found output; zeros without the spend secret. */
export function keyImageOfFound({ offset, key }: Found, { spendSecret }: Account, curve: Curve): Uint8Array {
  return spendSecret ? keyImageOf(curve.scalars.add(spendSecret, offset), key, curve) : NO_KEY_IMAGE;
}

/** Scans outputs, in this thread or in a worker, one batch at a time. */
export interface Scanner {
  /** @param first the global number of the first of these outputs, which follow one another */
  scan(first: number, outputs: readonly OutputRecord[]): Promise<readonly Found[]>;
  close(): Promise<void>;
}

/** Scans in this thread: about 0.1 ms per output. */
export function scanHere(scanner: OutputScanner): Scanner {
  return { scan: async (first, outputs) => scanner.scan(first, outputs), close: async () => undefined };
}

/** Subaddresses searched beyond the last known one, for restored wallets. */
const LOOKAHEAD = 50;
const ONE = scalarOf(1);

/**
 * Finds the outputs of a wallet whose commitments open to the amount they claim. Costs one scalar multiplication per output.
 */
export class OutputScanner {
  readonly #account: Account;
  readonly #curve: Curve;
  readonly #table = new Map<string, SubaddressIndex>();

  /** @param subaddresses number of subaddresses that the wallet has created */
  constructor({ viewSecret, spendKey }: ViewKeys, subaddresses: number, curve: Curve) {
    this.#account = viewOnlyAccount(viewSecret, spendKey, curve);
    this.#curve = curve;
    this.expect(subaddresses);
  }

  /** Extends the search to this many subaddresses plus the lookahead. */
  expect(subaddresses: number): void {
    this.#knowTo(subaddresses + LOOKAHEAD);
  }

  /** @param first the global number of the first of these outputs, which follow one another */
  scan(first: number, outputs: readonly OutputRecord[]): Found[] {
    const shared = sharedSecrets(
      this.#account.viewSecret,
      outputs.map(({ txKey }) => txKey),
      this.#curve,
    );
    return outputs.flatMap((output, i) => {
      const found = shared[i] && this.#find(output, shared[i], first + i);
      return found ? [found] : [];
    });
  }

  #find(output: OutputRecord, shared: Uint8Array, number: number): Found | undefined {
    const rules = rulesFor(output.context);
    const mine = recogniseOutput(
      output,
      shared,
      output.position,
      this.#account,
      this.#table,
      rules,
      this.#curve,
    );
    const opened = mine && open(output, mine, this.#curve);
    // Outputs of zero are the wallet's own padding or dust from others.
    if (!mine || !opened || opened.amount === 0n) return undefined;
    const subaddress = mine.subaddress.index;
    this.expect(subaddress);
    const { key, height, minted } = output;
    return { number, key, ...opened, offset: mine.offset, subaddress, height, minted };
  }

  #knowTo(furthest: number): void {
    for (let index = this.#table.size; index <= furthest; index++) {
      const at = index === 0 ? PRIMARY : { account: 0, index };
      this.#table.set(toHex(addressAt(this.#account, at, this.#curve).spendKey), at);
    }
  }
}

function open(
  output: OutputRecord,
  found: Recognised,
  curve: Curve,
): { amount: bigint; mask: Uint8Array } | undefined {
  if (output.minted) return { amount: fromLittleEndian(output.amount), mask: ONE };
  return openAmount(
    { commitment: output.commitment, encryptedAmount: output.amount },
    found.derivation,
    curve,
  );
}

/**
 * Adds found outputs to the owned ones. Of several outputs with one key only one can be spent, so only the largest is kept.
 */
export function addFound(owned: readonly Owned[], found: readonly Owned[]): readonly Owned[] {
  if (found.length === 0) return owned;
  const byKey = new Map(owned.map((output) => [toHex(output.key), output]));
  for (const output of found) {
    const known = byKey.get(toHex(output.key));
    if (!known || (known.spentAt === 0 && known.amount < output.amount)) byKey.set(toHex(output.key), output);
  }
  return [...byKey.values()].sort((a, b) => a.number - b.number);
}
