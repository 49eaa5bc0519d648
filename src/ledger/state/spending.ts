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
import { ensure, refuse, refuseForged } from '../errors.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { outputs } from './buckets.ts';

/** The points of a transaction times 8, as the state has them: always of prime order, never the identity. */
export interface Points {
  readonly keyImages: readonly Uint8Array[];
  readonly outputs: readonly {
    readonly key: Uint8Array;
    readonly commitment: Uint8Array;
    readonly txKey: Uint8Array;
  }[];
  readonly pseudoOuts: readonly Uint8Array[];
}

/** What a spend's cryptography says: the seam at which tests of the state put something cheaper. */
export interface SpendRules {
  /** Throws TRANSACTION_INVALID for anything that is not a point. */
  resolve(transaction: Transaction): Points;
  /**
   * Checks balance, ring signatures and range proofs of transactions whose ring members are in the view; the range
   * proofs of all of them together. Throws TRANSACTION_INVALID.
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
    'inputs and outputs do not balance',
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

export function membersOf(view: ReadView, ring: readonly number[]): RingMember[] {
  return ring.map((number) => {
    const output = outputs.get(view, number);
    ensure(output !== undefined, 'a ring names an output that is not there', { output: number });
    return { key: output.key, commitment: output.commitment };
  });
}

/** All in one multi-scalar multiplication; if that fails, one by one, to say which. */
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
  /** In order, those that the body names first; there is a signature for each, good or not. */
  readonly keys: readonly Uint8Array[];
  /** How many the body names, whatever the state says. */
  readonly named: number;
}

/** The keys that have to sign the body. */
export function signersOf(view: ReadView, { body, proofs }: Transaction, height: number): Signers {
  const named = body.actions.flatMap((action: Action) => [...rulesOf(action).signers(action.body)]);
  const found = body.actions.flatMap((action: Action) => [
    ...(rulesOf(action).consenters?.(action.body, view, height) ?? []),
  ]);
  const keys = [...named, ...found];
  ensure(keys.length === proofs.signatures.length, 'not the signatures that the actions need', {
    needed: keys.length,
  });
  return { keys, named: named.length };
}

/**
 * A signature by a key that the body names is wrong at every height, so whoever sent it is to blame. Whose consent it takes
 * can change while a transaction is under way.
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
