import { concat, utf8 } from '#base';
import {
  type Address,
  type Curve,
  commitPublic,
  type DerivationRules,
  deriveOutput,
  fromWireAll,
  littleEndian,
  sharedSecret,
  transactionKey,
} from '#crypto';
import { orderedNumber } from '#store';
import type { OneTime } from '../accounts/shapes.ts';
import type { OutputRecord } from '../buckets.ts';
import { VIEW_TAG_BYTES } from '../constants.ts';
import { refuse } from '../errors.ts';

/** Context of a transaction's outputs. A key image is spent only once, so no two transactions have the same context. */
export function spendContext(firstKeyImage: Uint8Array, curve: Curve): Uint8Array {
  return curve.keccak256(concat([utf8('bitorch/ctx'), firstKeyImage]));
}

/**
 * Context of the refunds that a key signs for: the session key of an escrow, the delegator or the node of a withdrawal. The
 * one-time key of a refund is public long before it is paid. Bound to its signer, it cannot be copied: another refund to the
 * same one-time key, paid and spent first, would leave the money of this one without a key image.
 */
export function refundContext(signer: Uint8Array, curve: Curve): Uint8Array {
  return curve.keccak256(concat([utf8('bitorch/refund'), signer]));
}

/** Context of output `number`, minted by the protocol in a block. */
function mintContext(chainId: Uint8Array, height: number, number: number, curve: Curve): Uint8Array {
  const place = concat([chainId, orderedNumber.encode(height), orderedNumber.encode(number)]);
  return curve.keccak256(concat([utf8('bitorch/mint'), place]));
}

export const rulesFor = (context: Uint8Array): DerivationRules => ({ context, viewTagBytes: VIEW_TAG_BYTES });

/**
 * An output with a public amount for an address. Its transaction secret is a hash of its context, so that anybody can check who
 * was paid. Once spent, the money is as private as any other. Throws TRANSACTION_INVALID when the address is not valid.
 */
export function mintedOutput(
  to: Address,
  amount: bigint,
  chainId: Uint8Array,
  height: number,
  number: number,
  curve: Curve,
): OutputRecord {
  const context = mintContext(chainId, height, number, curve);
  const txSecret = curve.hashToScalar(concat([utf8('bitorch/mint key'), context]));
  const shared = sharedSecret(txSecret, to.viewKey, curve);
  if (!shared) return refuse('the keys of a payout address are not points');
  const { key, viewTag } = deriveOutput(to, amount, shared, 0, rulesFor(context), curve);
  return publicOutput(
    { key, viewTag, txKey: transactionKey(txSecret, to, curve), context },
    amount,
    height,
    curve,
  );
}

/**
 * An output with a public amount for a one-time key, derived for a refund that `signer` signs for. Throws TRANSACTION_INVALID
 * when its keys are not points.
 */
export function refundedOutput(
  to: OneTime,
  signer: Uint8Array,
  amount: bigint,
  height: number,
  curve: Curve,
): OutputRecord {
  const points = fromWireAll([to.key, to.txKey], curve);
  if (!points) return refuse('the keys of a refund are not points');
  const [key, txKey] = points as [Uint8Array, Uint8Array];
  return publicOutput(
    { key, txKey, viewTag: to.viewTag, context: refundContext(signer, curve) },
    amount,
    height,
    curve,
  );
}

function publicOutput(
  keys: Pick<OutputRecord, 'key' | 'txKey' | 'viewTag' | 'context'>,
  amount: bigint,
  height: number,
  curve: Curve,
): OutputRecord {
  return {
    ...keys,
    commitment: commitPublic(amount, curve),
    position: 0,
    amount: littleEndian(amount, 8),
    minted: 1,
    height,
  };
}
