import { toHex } from '#base';
import type { HoldingView, ModelView, NetworkView, NodeView, TransferView } from './api.ts';
import type { Directory, KnownNode } from './directory.ts';
import type { Guarding } from './guarding.ts';
import type { Library, Model } from './library.ts';
import { peerIdOf } from './peer-id.ts';

interface ViewDependencies {
  readonly selfId: string;
  readonly directory: Directory;
  readonly library: Library;
  readonly guard: Guarding;
}

/** The network as this node sees it, as plain JSON. */
export function networkView({ selfId, directory, library, guard }: ViewDependencies): NetworkView {
  const nodes = directory.nodes();
  return {
    self: { id: selfId, name: directory.nameOf(selfId) },
    nodes: nodes.map((node) => nodeView(node, selfId)).sort(selfFirstThenName),
    models: library.all().map((model) => modelView(model, nodes, guard)),
    transfers: library.all().map((model) => transferView(model, nodes)),
  };
}

export function modelView(
  { id, manifest, metainfo }: Model,
  nodes: readonly KnownNode[],
  guard: Guarding,
): ModelView {
  const { name, version, licence, architecture, publisher } = manifest;
  const served = nodes.filter((node) => node.reachable).flatMap((node) => node.holdings);
  const covers = (block: number) =>
    served.some(
      ({ manifest, blocks }) => toHex(manifest) === id && blocks && blocks[0] <= block && block < blocks[1],
    );
  return {
    id,
    name,
    version,
    licence,
    publisher: toHex(publisher),
    infohash: toHex(metainfo.infohash),
    bytes: metainfo.length,
    layers: architecture.layers,
    context: architecture.context,
    available: Array.from({ length: architecture.layers }, (_, block) => block).every(covers),
    safety: guard.clearance.stateOf(id),
  };
}

function nodeView(node: KnownNode, selfId: string): NodeView {
  return {
    id: node.id,
    name: node.name,
    roles: [...node.roles],
    state: node.reachable ? 'online' : 'unreachable',
    lastSeen: node.lastSeen,
    self: node.id === selfId,
    holdings: node.holdings.map(({ manifest, bytesHave, bytesTotal, blocks }): HoldingView => {
      const holding = { modelId: toHex(manifest), bytesHave, bytesTotal };
      return blocks ? { ...holding, blocks: { first: blocks[0], end: blocks[1] } } : holding;
    }),
  };
}

function transferView(
  { id, manifest, metainfo, torrent, files }: Model,
  nodes: readonly KnownNode[],
): TransferView {
  const progress = torrent.progress();
  const known = new Map(nodes.map((node) => [toHex(peerIdOf(node.id)), node]));
  return {
    modelId: id,
    infohash: toHex(metainfo.infohash),
    name: manifest.name,
    bytesHave: progress.bytesHave,
    bytesTotal: progress.bytesTotal,
    verified: files.state === 'verified',
    downBytesPerSecond: progress.downBytesPerSecond,
    upBytesPerSecond: progress.upBytesPerSecond,
    peers: torrent.peers().map(({ peerId, address, downloaded, uploaded }) => {
      const node = known.get(toHex(peerId));
      return { nodeId: node?.id ?? '', name: node?.name ?? address, downloaded, uploaded };
    }),
  };
}

const selfFirstThenName = (a: NodeView, b: NodeView): number =>
  Number(b.self) - Number(a.self) || a.name.localeCompare(b.name, 'en', { numeric: true });
