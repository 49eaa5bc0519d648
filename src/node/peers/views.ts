import { cleanText, toHex } from '#base';
import { peerIdOf } from '#distribution';
import { areBlocks } from '#execution';
import type { Host } from '#network';
import type { HoldingView, ModelView, NetworkView, NodeView, TransferView } from '../api/node-api.ts';
import type { Library, Model } from '../models/library.ts';
import type { ModelGuard } from '../security/model-guard.ts';
import type { Holding } from './announcement.ts';
import type { Directory, KnownNode } from './directory.ts';
import { idOfHolding } from './holdings.ts';
import type { Notices } from './notices.ts';

interface ViewDependencies {
  readonly host: Pick<Host, 'id' | 'reach'>;
  readonly directory: Directory;
  readonly library: Library;
  readonly guard: ModelGuard;
  readonly notices: Pick<Notices, 'view'>;
}

/** The network as known to this node, as plain JSON. */
export function networkView({ host, directory, library, guard, notices }: ViewDependencies): NetworkView {
  const { id: selfId, reach } = host;
  const nodes = directory.nodes();
  const models = library.all();
  return {
    self: { id: selfId, name: directory.nameOf(selfId) },
    ...(reach && { reach }),
    notices: notices.view(),
    nodes: nodes.map((node) => nodeView(node, selfId)).sort(selfFirstThenName),
    models: models.map((model) => modelView(model, directory, guard)),
    transfers: models.map((model) => transferView(model, nodes)),
  };
}

/** A model, and whether all of its blocks run somewhere now. */
export function modelView(
  { id, manifest, metainfo }: Model,
  directory: Pick<Directory, 'holdersOf'>,
  guard: ModelGuard,
): ModelView {
  const { name, version, licence, architecture, publisher } = manifest;
  const served = directory
    .holdersOf(id)
    .flatMap(({ holdings }) => holdings.filter((holding) => idOfHolding(holding) === id));
  return {
    id,
    name,
    version,
    licence: cleanText(licence, 256),
    publisher: toHex(publisher),
    infohash: toHex(metainfo.infohash),
    bytes: metainfo.length,
    layers: architecture.layers,
    context: architecture.context,
    available: covers(served, architecture.layers),
    safety: guard.clearance.stateOf(id),
  };
}

/** Whether each of the blocks [0, layers) runs somewhere, by what a route can be planned of. */
function covers(holdings: readonly Holding[], layers: number): boolean {
  const ranges = holdings
    .flatMap(({ blocks }) => (blocks && areBlocks(...blocks, layers) ? [blocks] : []))
    .sort(([a], [b]) => a - b);
  return ranges.reduce((end, [first, to]) => (first <= end ? Math.max(end, to) : end), 0) >= layers;
}

/** The holdings of a node that says the same again are the same object, and so is what is shown of them. */
const holdingViews = new WeakMap<readonly Holding[], HoldingView[]>();

function holdingsView(holdings: readonly Holding[]): HoldingView[] {
  const known = holdingViews.get(holdings);
  if (known) return known;
  const views = holdings.map((holding): HoldingView => {
    const { bytesHave, bytesTotal, blocks } = holding;
    const view = { modelId: idOfHolding(holding), bytesHave, bytesTotal };
    return blocks ? { ...view, blocks: { first: blocks[0], end: blocks[1] } } : view;
  });
  holdingViews.set(holdings, views);
  return views;
}

function nodeView(node: KnownNode, selfId: string): NodeView {
  return {
    id: node.id,
    name: node.name,
    roles: [...node.roles],
    state: node.reachable ? 'online' : 'unreachable',
    lastSeen: node.lastSeen,
    self: node.id === selfId,
    holdings: holdingsView(node.holdings),
  };
}

function transferView(
  { id, manifest, metainfo, torrent, files }: Model,
  nodes: readonly KnownNode[],
): TransferView {
  const progress = torrent.progress();
  const peers = torrent.peers();
  const known = peers.length > 0 ? byBitTorrentId(nodes) : new Map<string, KnownNode>();
  return {
    modelId: id,
    infohash: toHex(metainfo.infohash),
    name: manifest.name,
    bytesHave: progress.bytesHave,
    bytesTotal: progress.bytesTotal,
    bytesWanted: progress.bytesWanted,
    bytesWantedHave: progress.bytesWantedHave,
    verified: files.state === 'verified',
    downBytesPerSecond: progress.downBytesPerSecond,
    upBytesPerSecond: progress.upBytesPerSecond,
    peers: peers.map(({ peerId, address, downloaded, uploaded }) => {
      const node = known.get(toHex(peerId));
      return { nodeId: node?.id ?? '', name: node?.name ?? address, downloaded, uploaded };
    }),
  };
}

const bitTorrentIds = new Map<string, string>();

/** Nodes by their BitTorrent peer id, hexadecimal; the hash is made once for each node. */
function byBitTorrentId(nodes: readonly KnownNode[]): Map<string, KnownNode> {
  if (bitTorrentIds.size > 2 * nodes.length + MANY_NODES) bitTorrentIds.clear();
  const idOf = (id: string): string => {
    const known = bitTorrentIds.get(id) ?? toHex(peerIdOf(id));
    bitTorrentIds.set(id, known);
    return known;
  };
  return new Map(nodes.map((node) => [idOf(node.id), node]));
}

const MANY_NODES = 8192;
const byName = new Intl.Collator('en', { numeric: true });

const selfFirstThenName = (a: NodeView, b: NodeView): number =>
  Number(b.self) - Number(a.self) || byName.compare(a.name, b.name);
