import { fromHex } from '#base';
import type { Swarm } from '#distribution';
import type { Host } from '#network';
import type { StageServer } from '../inference/stage-server.ts';
import type { Library } from '../models/library.ts';
import type { NodeOptions } from '../options.ts';
import type { Description } from './announcement.ts';

/** Builds a node's current self-description. */
export function describeSelf(
  { roles, name }: Pick<NodeOptions, 'roles' | 'name'>,
  {
    host,
    swarm,
    library,
    stages,
    validatorKey,
  }: {
    readonly host: Host;
    readonly swarm: Swarm;
    readonly library: Library;
    readonly stages: StageServer | undefined;
    /** Consensus key of the node's validator. */
    readonly validatorKey: Uint8Array | undefined;
  },
): Description {
  return {
    id: host.id,
    name: name || `node ${host.id.slice(-6)}`,
    roles,
    addresses: host.addresses,
    time: Date.now(),
    audits: stages !== undefined,
    validator: validatorKey ?? null,
    swarmPort: swarm.port,
    holdings: library.all().map((model) => {
      const { bytesHave, bytesTotal } = model.torrent.progress();
      const blocks = stages?.blocksOf(model) ?? null;
      return { manifest: fromHex(model.id), bytesHave, bytesTotal, blocks };
    }),
  };
}
