import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id';
import { BitorchError } from '#base';

/** The Ed25519 public key (32 bytes) in a peer id. Throws PEER_ID_INVALID. */
export function publicKeyOf(peerId: string): Uint8Array {
  try {
    const id = peerIdFromString(peerId);
    if (id.type === 'Ed25519') return id.publicKey.raw;
  } catch {
    // falls through to the one error below
  }
  throw new BitorchError('PEER_ID_INVALID', `not an Ed25519 peer id: ${peerId.slice(0, 80)}`);
}

/** The peer id of an Ed25519 public key (32 bytes). Throws PEER_ID_INVALID. */
export function peerIdFrom(publicKey: Uint8Array): string {
  try {
    return peerIdFromPublicKey(publicKeyFromRaw(publicKey)).toString();
  } catch {
    throw new BitorchError('PEER_ID_INVALID', 'not an Ed25519 public key');
  }
}
