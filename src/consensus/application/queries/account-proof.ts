import { equalBytes } from '#base';
import {
  accountTree,
  decode,
  encode,
  fixed,
  hashOfRoots,
  list,
  rootsOf,
  struct,
  verifySparseProof,
} from '#ledger';
import type { ReadView } from '#store';
import { applicationHash, type ChainRecord, recordHash } from '../chain-record.ts';

const HASH = fixed(32);

/** Proves an account, or its absence, under the app hash. */
const proofCodec = struct({
  outputs: HASH,
  spends: HASH,
  accounts: HASH,
  record: HASH,
  siblings: list(HASH, 256),
  found: list(struct({ path: HASH, value: HASH }), 1),
});

const MAX_PROOF_BYTES = 16_384;

export function proveAccount(
  { state, record }: { readonly state: ReadView; readonly record: ChainRecord },
  key: Uint8Array,
): Uint8Array {
  const { siblings, found } = accountTree.prove(state, key);
  const proof = { ...rootsOf(state), record: recordHash(record), siblings, found: found ? [found] : [] };
  return encode(proofCodec, proof);
}

/**
 * Whether the state after block `height`, whose app hash is given, holds exactly this value under the key
 * (undefined: nothing). Throws CODEC_INVALID when the bytes are not a proof.
 */
export function verifyAccount(
  appHash: Uint8Array,
  height: number,
  key: Uint8Array,
  value: Uint8Array | undefined,
  bytes: Uint8Array,
): boolean {
  const { record, siblings, found, ...roots } = decode(proofCodec, bytes, MAX_PROOF_BYTES);
  const top = applicationHash(hashOfRoots(height, roots), record);
  return (
    equalBytes(top, appHash) && verifySparseProof(roots.accounts, key, value, { siblings, found: found[0] })
  );
}
