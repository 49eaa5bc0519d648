import { toHex } from '#base';
import {
  type Account,
  addressAt,
  type Curve,
  fromLittleEndian,
  keyImageOf,
  oneTimeSecret,
  openAmount,
  PRIMARY,
  type Recognised,
  recogniseOutput,
  type SubaddressIndex,
  scalarOf,
  sharedSecrets,
} from '#crypto';
import type { OutputRecord } from '../state/buckets.ts';
import { rulesFor } from '../state/minting.ts';
import type { Owned } from './contents.ts';

/** An output with its global number. */
export type NumberedOutput = readonly [number: number, output: OutputRecord];

/** Spend keys of the primary address and of subaddresses 1 to `subaddresses`. */
export function spendKeyTable(
  account: Account,
  subaddresses: number,
  curve: Curve,
  from: ReadonlyMap<string, SubaddressIndex> = new Map(),
): Map<string, SubaddressIndex> {
  const table = new Map(from);
  for (let index = table.size; index <= subaddresses; index++) {
    const at = index === 0 ? PRIMARY : { account: 0, index };
    table.set(toHex(addressAt(account, at, curve).spendKey), at);
  }
  return table;
}

const NO_KEY_IMAGE = new Uint8Array(32);
const ONE = scalarOf(1);

/**
 * Those of the outputs that belong to an account and open to the amount they claim: a pure function, so that it can
 * run anywhere. Costs one scalar multiplication for each output.
 */
export function scanOutputs(
  batch: readonly NumberedOutput[],
  account: Account,
  table: ReadonlyMap<string, SubaddressIndex>,
  curve: Curve,
): Owned[] {
  const shared = sharedSecrets(
    account.viewSecret,
    batch.map(([, output]) => output.txKey),
    curve,
  );
  return batch.flatMap(([number, output], i) => {
    const secret = shared[i];
    if (!secret) return [];
    const rules = rulesFor(output.context);
    const found = recogniseOutput(output, secret, output.position, account, table, rules, curve);
    const opened = found && open(output, found, curve);
    // Empty outputs are padding, of one's own or somebody's dust.
    if (!found || !opened || opened.amount === 0n) return [];
    const keyImage = account.spendSecret
      ? keyImageOf(oneTimeSecret(account.spendSecret, found, curve), output.key, curve)
      : NO_KEY_IMAGE;
    const { key, height, minted } = output;
    const subaddress = found.subaddress.index;
    return [
      { number, key, ...opened, offset: found.offset, subaddress, height, minted, keyImage, spentAt: 0 },
    ];
  });
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
export function addFound(owned: readonly Owned[], found: readonly Owned[]): Owned[] {
  const byKey = new Map(owned.map((output) => [toHex(output.key), output]));
  for (const output of found) {
    const known = byKey.get(toHex(output.key));
    if (!known || (known.spentAt === 0 && known.amount < output.amount)) byKey.set(toHex(output.key), output);
  }
  return [...byKey.values()].sort((a, b) => a.number - b.number);
}
