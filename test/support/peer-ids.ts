import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import type { SigningKey } from '#crypto';

/** The peer id of a node with this key. */
export const peerIdOf = async (key: SigningKey): Promise<string> =>
  peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', key.seed)).toString();
