import { fromHex, toHex } from '#base';
import { type Curve, type RingMember, sharedSecretOf, verifyPaymentSent } from '#crypto';
import { decodeBase58, readMoneroAddress } from './monero-base58.ts';
import { type MoneroTransaction, readMoneroTransaction } from './monero-transaction.ts';
import { accepts, judge } from './monero-verify.ts';
import { moneroWallet, scanMoneroTransaction } from './monero-wallet.ts';

/** What one run of the oracle wrote: real transactions, and what Monero itself says of them. */
export interface OracleRun {
  readonly wallets: Record<'A' | 'B', OracleWallet>;
  readonly integrated_A: { readonly integrated_address: string };
  readonly negative: { readonly tx_hex: string; readonly cases: readonly (readonly [string, Verdict])[] };
  readonly txs: readonly OracleTransaction[];
}

interface OracleWallet {
  readonly address: string;
  readonly spend_key: string;
  readonly view_key: string;
  readonly accounts: Record<string, readonly { readonly address: string; readonly address_index: number }[]>;
}

interface Verdict {
  readonly status: string;
}

export interface OracleTransaction {
  readonly label: string;
  readonly from: 'A' | 'B';
  readonly txid: string;
  readonly as_hex: string;
  readonly request: {
    readonly destinations: readonly { readonly address: string; readonly amount: number }[];
  };
  readonly rings: readonly { readonly members: readonly { readonly key: string; readonly mask: string }[] }[];
  readonly outputs: readonly {
    readonly i: number;
    readonly owner: 'A' | 'B';
    readonly subaddr: { readonly major: number; readonly minor: number };
    readonly amount: number;
    readonly key_image: string;
  }[];
  readonly out_proof?: string;
}

export const ringsOf = (tx: OracleTransaction): RingMember[][] =>
  tx.rings.map(({ members }) =>
    members.map(({ key, mask }) => ({ key: fromHex(key), commitment: fromHex(mask) })),
  );

/** Bytes that the oracle changed, by the name of its case; the hexadecimal that it sent. */
export function tampered(hex: string, name: string): string {
  const bytes = fromHex(hex);
  if (name.startsWith('truncate')) return toHex(bytes.subarray(0, -1));
  const at = name.startsWith('flip last')
    ? bytes.length - 1
    : name.startsWith('flip CLSAG')
      ? bytes.length - 100
      : name.startsWith('flip mid')
        ? Math.floor(bytes.length / 2)
        : name.startsWith('flip unlock_time')
          ? 1
          : -1;
  if (at >= 0) bytes[at]! ^= 1;
  return toHex(bytes);
}

/** Whether a transaction, as hexadecimal, is one and holds. */
export function holds(hex: string, rings: readonly (readonly RingMember[])[], curve: Curve): boolean {
  let tx: MoneroTransaction;
  try {
    tx = readMoneroTransaction(hex, curve);
  } catch {
    return false;
  }
  return accepts(judge(tx, rings, curve));
}

/** How far our primitives and Monero agree on a run; every pair is `agreed of all`. */
export interface Agreement {
  readonly ids: number;
  readonly verified: number;
  readonly transactions: number;
  readonly outputsFound: number;
  readonly outputsOpened: number;
  readonly keyImages: number;
  readonly outputs: number;
  readonly paymentProofs: number;
  readonly paymentProofsAll: number;
  readonly tamperedRejected: number;
  readonly tampered: number;
}

/** Checks a run of the oracle from end to end. */
export function compareWithMonero(run: OracleRun, curve: Curve): Agreement {
  const wallets = {
    A: moneroWallet(fromHex(run.wallets.A.spend_key), curve),
    B: moneroWallet(fromHex(run.wallets.B.spend_key), curve),
  };
  const count = { ids: 0, verified: 0, found: 0, opened: 0, images: 0, outputs: 0, proofs: 0, allProofs: 0 };
  for (const expected of run.txs) {
    const tx = readMoneroTransaction(expected.as_hex, curve);
    if (toHex(tx.id) === expected.txid) count.ids++;
    if (accepts(judge(tx, ringsOf(expected), curve))) count.verified++;
    const found = {
      A: scanMoneroTransaction(tx, wallets.A, curve),
      B: scanMoneroTransaction(tx, wallets.B, curve),
    };
    for (const output of expected.outputs) {
      count.outputs++;
      const mine = found[output.owner].find(({ index }) => index === output.i);
      const { account, index } = mine?.subaddress ?? { account: -1, index: -1 };
      if (account === output.subaddr.major && index === output.subaddr.minor) count.found++;
      if (mine?.amount === BigInt(output.amount)) count.opened++;
      if (mine !== undefined && toHex(mine.keyImage) === output.key_image) count.images++;
    }
    if (expected.out_proof !== undefined) {
      count.allProofs++;
      if (paymentIsProven(run, expected, tx, expected.out_proof, curve)) count.proofs++;
    }
  }
  const cases = run.negative.cases.map(([name, { status }]) => ({ name, valid: status === 'OK' }));
  const rings = ringsOf(run.txs.find((tx) => tx.as_hex === run.negative.tx_hex)!);
  const invalid = cases.filter(({ valid }) => !valid);
  const rejected = invalid.filter(({ name }) => !holds(tampered(run.negative.tx_hex, name), rings, curve));
  return {
    ids: count.ids,
    verified: count.verified,
    transactions: run.txs.length,
    outputsFound: count.found,
    outputsOpened: count.opened,
    keyImages: count.images,
    outputs: count.outputs,
    paymentProofs: count.proofs,
    paymentProofsAll: count.allProofs,
    tamperedRejected: rejected.length,
    tampered: invalid.length,
  };
}

/** Verifies the wallet's own `OutProofV2…` for the first destination, who asked for the message "m". */
function paymentIsProven(
  run: OracleRun,
  expected: OracleTransaction,
  tx: MoneroTransaction,
  proof: string,
  curve: Curve,
): boolean {
  const paid = expected.request.destinations[0]!.address;
  const text = paid === run.integrated_A.integrated_address ? run.wallets.A.address : paid;
  const address = readMoneroAddress(text, curve);
  const message = curve.keccak256(tx.id, new TextEncoder().encode('m'));
  const bytes = decodeBase58(proof.slice('OutProofV2'.length));
  return [tx.transactionKey, ...tx.outputKeys].some((transactionKey, i) => {
    const part = bytes.subarray(96 * i, 96 * i + 96);
    const shown = {
      sharedPoint: part.subarray(0, 32),
      challenge: part.subarray(32, 64),
      response: part.subarray(64, 96),
    };
    return part.length === 96 && sharedSecretOf(shown, curve) !== undefined
      ? verifyPaymentSent({ address, transactionKey, message }, shown, curve)
      : false;
  });
}
