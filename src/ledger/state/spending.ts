import {
  type ClsagSignature,
  type Curve,
  commitmentsBalance,
  fromWireAll,
  type RingMember,
  verifyClsag,
  verifyRanges,
  verifySignature,
} from '#crypto';
import type { ReadView } from '#store';
import { type Action, legsOf, rulesOf } from '../actions/registry.ts';
import { outputs } from '../buckets.ts';
import { ensure, refuse, refuseForged } from '../errors.ts';
import type { Transaction } from '../transaction/transaction.ts';

/** The points of a transaction times 8, as stored in the state: always of prime order, never the identity. */
export interface Points {
  readonly keyImages: readonly Uint8Array[];
  readonly outputs: readonly {
    readonly key: Uint8Array;
    readonly commitment: Uint8Array;
    readonly txKey: Uint8Array;
  }[];
  readonly pseudoOuts: readonly Uint8Array[];
}

/** Cryptographic verification of spends. Tests of the state can substitute a cheaper one. */
export interface SpendRules {
  /** Decodes the points. Throws TRANSACTION_INVALID when one does not decode or is the identity. */
  resolve(transaction: Transaction): Points;
  /**
   * Checks balance, ring signatures and range proofs (batched over all transactions) with ring members from the view. Throws
   * TRANSACTION_INVALID when one does not verify.
   */
  verify(view: ReadView, spends: readonly Spend[]): void;
}

export interface Spend {
  readonly transaction: Transaction;
  readonly points: Points;
}

/** The rules of spend proof type 1. */
export function ringSpends(curve: Curve): SpendRules {
  return {
    resolve({ body, proofs }) {
      const keyImages = fromWireAll(
        body.inputs.map((input) => input.keyImage),
        curve,
      );
      const made = fromWireAll(
        body.outputs.flatMap(({ key, commitment, txKey }) => [key, commitment, txKey]),
        curve,
      );
      const pseudoOuts = fromWireAll(proofs.spend?.pseudoOuts ?? [], curve);
      if (!keyImages || !made || !pseudoOuts) return refuse('a point does not decode, or is the identity');
      const outputs = body.outputs.map((_, i) => ({
        key: made[3 * i]!,
        commitment: made[3 * i + 1]!,
        txKey: made[3 * i + 2]!,
      }));
      return { keyImages, outputs, pseudoOuts };
    },
    verify(view, spends) {
      for (const spend of spends) {
        requireBalance(spend, curve);
        requireRings(view, spend, curve);
      }
      requireRanges(spends, curve);
    },
  };
}

function requireBalance({ transaction: { body }, points }: Spend, curve: Curve): void {
  const { deposits, releases } = legsOf(body);
  const commitments = points.outputs.map((output) => output.commitment);
  const open = body.fee + deposits - releases;
  ensure(
    commitmentsBalance(points.pseudoOuts, commitments, open, curve),
    'the inputs and outputs do not balance',
  );
}

function requireRings(view: ReadView, { transaction, points }: Spend, curve: Curve): void {
  const { body, proofs, hashes } = transaction;
  for (const [i, { ring }] of body.inputs.entries()) {
    const statement = {
      ring: membersOf(view, ring),
      pseudoOut: points.pseudoOuts[i]!,
      message: hashes.message,
    };
    const signature: ClsagSignature = proofs.spend!.rings[i]!;
    ensure(verifyClsag(statement, signature, points.keyImages[i]!, curve), 'a ring signature is wrong', {
      input: i,
    });
  }
}

/** Keys and commitments of ring members. Throws TRANSACTION_INVALID when one does not exist. */
function membersOf(view: ReadView, ring: readonly number[]): RingMember[] {
  return ring.map((number) => {
    const output = outputs.get(view, number);
    ensure(output !== undefined, 'a ring contains an output that does not exist', { output: number });
    return { key: output.key, commitment: output.commitment };
  });
}

/** Verifies all in one multi-scalar multiplication; if that fails, one by one to find the wrong one. */
function requireRanges(spends: readonly Spend[], curve: Curve): void {
  const claims = spends.map(({ transaction: { body, proofs } }) => ({
    proof: proofs.spend!.range,
    commitments: body.outputs.map((output) => output.commitment),
  }));
  if (claims.length === 0 || verifyRanges(claims, curve)) return;
  const wrong = claims.findIndex((claim) => !verifyRanges([claim], curve));
  refuse('a range proof is wrong', { transaction: wrong });
}

export interface Signers {
  /** In order, keys named by the body first. There is one signature for each, not verified yet. */
  readonly keys: readonly Uint8Array[];
  /** Number of keys named by the body itself, independent of the state. */
  readonly named: number;
}

/** The keys that must sign the body. Throws TRANSACTION_INVALID when the number of signatures differs. */
export function signersOf(view: ReadView, { body, proofs }: Transaction, height: number): Signers {
  const named = body.actions.flatMap((action: Action) => [...rulesOf(action).signers(action.body)]);
  const found = body.actions.flatMap((action: Action) => [
    ...(rulesOf(action).consenters?.(action.body, view, height) ?? []),
  ]);
  const keys = [...named, ...found];
  ensure(keys.length === proofs.signatures.length, 'the number of signatures is not what the actions need', {
    needed: keys.length,
  });
  return { keys, named: named.length };
}

/**
 * Verifies the signatures. A wrong one by a key that the body names is wrong at any height, so the sender is to blame for it.
 * Keys looked up in the state can change while a transaction is in transit. Throws TRANSACTION_INVALID.
 */
export function requireSignatures({ proofs, hashes }: Transaction, { keys, named }: Signers): void {
  for (const [i, signer] of keys.entries()) {
    if (verifySignature(TRANSACTION_PURPOSE, hashes.body, proofs.signatures[i]!, signer)) continue;
    if (i < named) refuseForged('a signature is wrong');
    refuse('a signature is wrong', { signature: i });
  }
}

export const TRANSACTION_PURPOSE = 'transaction';

export const sameRing = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((number, i) => number === b[i]);
