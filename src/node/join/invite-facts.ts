import { BitorchError, fromHex } from '#base';
import { TRUSTING_PERIOD_MS } from '#consensus';
import type { Host } from '#network';
import type { ChainService } from '../chain/chain-service.ts';
import type { LightChainService } from '../chain/light-chain-service.ts';
import type { KnownNode } from '../peers/known-node.ts';
import type { ModelGuard } from '../security/model-guard.ts';
import type { InviteFacts } from './make-invite.ts';

/** What this node knows about its network, for an invite. Throws NETWORK_NONE when it knows no other node. */
export function inviteFacts({
  host,
  trackers,
  guard,
  chain,
  nodes,
}: {
  readonly host: Host;
  readonly trackers: readonly string[];
  readonly guard: ModelGuard;
  readonly chain: ChainService | LightChainService | undefined;
  /** All known nodes, this one included. */
  readonly nodes: readonly KnownNode[];
}): InviteFacts {
  const others = nodes.filter(({ id, reachable }) => reachable && id !== host.id);
  if (!chain && others.length === 0)
    throw new BitorchError(
      'NETWORK_NONE',
      'this node is not part of a network yet: join one with an invite, or start one with "bitorch devnet"',
    );
  const validatorsFirst = [...others].sort(
    (a, b) => Number(b.validator !== null) - Number(a.validator !== null),
  );
  return {
    self: { id: host.id, addresses: host.addresses },
    others: validatorsFirst,
    genesis: chain?.genesis.parameters.chainId,
    checkpoint: checkpointOf(chain),
    trackers,
    authorities: guard.clearance.trust,
    unproven: guard.clearance.unproven,
  };
}

/** The last block of a chain that light clients can no longer follow from its genesis alone. */
function checkpointOf(chain: ChainService | LightChainService | undefined): InviteFacts['checkpoint'] {
  const view = chain?.view;
  if (!view || view.height === 0) return undefined;
  if (view.time - chain.genesis.time < TRUSTING_PERIOD_MS / 2) return undefined;
  return { height: view.height, id: fromHex(view.blockId) };
}
