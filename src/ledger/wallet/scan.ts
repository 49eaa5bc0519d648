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
import type { OutputRecord } from '../state/buckets.ts';
import { rulesFor } from '../state/minting.ts';
import type { Owned } from './contents.ts';

/** What finding outputs takes: it cannot spend them. */
export interface ViewKeys {
  readonly viewSecret: Scalar;
  readonly spendKey: Uint8Array;
}

/** An output that belongs to the wallet, with all that is known without the spend secret and the ledger. */
export type Found = Omit<Owned, 'keyImage' | 'spentAt'>;

const NO_KEY_IMAGE = new Uint8Array(32);

/** Of an output that the wallet has found; zeros for a wallet without the spend secret. */
export function keyImageOfFound({ offset, key }: Found, { spendSecret }: Account, curve: Curve): Uint8Array {
  return spendSecret ? keyImageOf(curve.scalars.add(spendSecret, offset), key, curve) : NO_KEY_IMAGE;
}

/** Where outputs are looked at: here or in a thread. One batch at a time. */
export interface Scanner {
  /** @param first the global number of the first of these outputs, which follow one another */
  scan(first: number, outputs: readonly OutputRecord[]): Promise<readonly Found[]>;
  close(): Promise<void>;
}

/** Scans in this thread: about 0.1 ms for each output. */
export function scanHere(scanner: OutputScanner): Scanner {
  return { scan: async (first, outputs) => scanner.scan(first, outputs), close: async () => undefined };
}

/** Subaddresses beyond the last one known that are looked for too, for wallets that were restored. */
const LOOKAHEAD = 50;
const ONE = scalarOf(1);

/**
 * Finds the outputs of a wallet that open to the amount they claim. Costs one scalar multiplication for each output;
 * runs wherever its curve does.
 */
export class OutputScanner {
  readonly #account: Account;
  readonly #curve: Curve;
  readonly #table = new Map<string, SubaddressIndex>();

  /** @param subaddresses how many the wallet has made so far */
  constructor({ viewSecret, spendKey }: ViewKeys, subaddresses: number, curve: Curve) {
    this.#account = viewOnlyAccount(viewSecret, spendKey, curve);
    this.#curve = curve;
    this.expect(subaddresses);
  }

  /** Looks for `subaddresses` of them, and some more, from now on. */
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
    // Empty outputs are padding, of one's own or somebody's dust.
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
 * Adds finds to what is owned. Outputs with one key can be spent once: only the one worth most counts, whoever made
 * the others and why.
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
