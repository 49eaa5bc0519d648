import { BitorchError } from '#base';
import {
  type Address,
  type Curve,
  deriveOutput,
  type RandomBytes,
  randomScalar,
  sharedSecret,
  systemRandom,
  toWire,
  transactionKey,
} from '#crypto';
import type { OneTime } from '../accounts/shapes.ts';
import { refundContext, rulesFor } from '../state/minting.ts';

/**
 * Derives a one-time output in advance, the refund of an escrow, bond or withdrawal. Derive a new one for each: of two
 * payments to the same one-time key only the larger can be spent. Throws ADDRESS_INVALID when the view key is not a point.
 *
 * @param signer the session key of the escrow, or the delegator or node that withdraws: see `refundContext`
 */
export function deriveOneTime(
  to: Address,
  signer: Uint8Array,
  curve: Curve,
  random: RandomBytes = systemRandom,
): OneTime {
  const txSecret = randomScalar(curve, random);
  const shared = sharedSecret(txSecret, to.viewKey, curve);
  if (!shared) throw new BitorchError('ADDRESS_INVALID', 'the view key of the address is not a point');
  const { key, viewTag } = deriveOutput(to, 0n, shared, 0, rulesFor(refundContext(signer, curve)), curve);
  return { key: toWire(key, curve), txKey: toWire(transactionKey(txSecret, to, curve), curve), viewTag };
}
