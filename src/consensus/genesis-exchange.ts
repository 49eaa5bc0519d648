import { BitorchError, equalBytes, toHex } from '#base';
import { defaultCurve } from '#crypto';
import type { Host, PeerAddress } from '#network';
import { MAX_GENESIS_BYTES, parseGenesis } from './application/genesis-text.ts';

/** Hands the genesis file to nodes that join (docs/protocol/invite.md). */
const PROTOCOL = '/bitorch/genesis/1';
/** The answer's envelope around the file. */
const OVERHEAD_BYTES = 64;

/** Serves the genesis file of this node's chain. */
export function answerGenesis(host: Host, file: Uint8Array): Promise<void> {
  return host.answer(PROTOCOL, async () => file, { maxBytes: OVERHEAD_BYTES });
}

/**
 * Fetches the genesis file whose hash is `hash` from a node of its network. Throws PEER_UNREACHABLE, REMOTE_ERROR, and
 * GENESIS_INVALID when the node's chain begins with another genesis.
 */
export async function fetchGenesis(
  host: Host,
  peer: PeerAddress,
  hash: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const limits = { maxBytes: MAX_GENESIS_BYTES + OVERHEAD_BYTES, ...(signal && { signal }) };
  const file = await host.request(peer, PROTOCOL, null, limits);
  if (!(file instanceof Uint8Array))
    throw new BitorchError('GENESIS_INVALID', `${peer.id} answers something that is no genesis file`);
  const { chainId } = parseGenesis(file, defaultCurve()).parameters;
  if (equalBytes(chainId, hash)) return file;
  throw new BitorchError(
    'GENESIS_INVALID',
    `${peer.id} follows the chain ${toHex(chainId).slice(0, 16)}, not ${toHex(hash).slice(0, 16)}`,
  );
}
