import type { HoldingView, ModelView, NetworkView, NodeView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Scrolls } from '../shell/scrolls.tsx';
import { working } from '../state/chat.ts';
import { connection } from '../state/live.ts';
import { HeldBar, SpanBar } from './bars.tsx';
import { hueOf } from './hues.ts';

const ROLE_WORDS = {
  seed: 'Seeds',
  run: 'Runs blocks',
  audit: 'Audits',
  client: 'Chats',
  validate: 'Validates',
  security: 'Scans models',
} as const;

/** All known nodes: their roles, and what they hold and run. */
export function Nodes({ view }: { view: NetworkView }) {
  const online = view.nodes.filter(({ state }) => state === 'online').length;
  return (
    <section class="panel" aria-labelledby="nodes-heading">
      <h3 id="nodes-heading">
        Computers{' '}
        <span class="muted number">
          {connection.value === 'live' ? `${online} online` : 'as last seen by this page'}
        </span>
      </h3>
      <ul class="nodes">
        {view.nodes.map((node) => (
          <Node key={node.id} node={node} models={view.models} />
        ))}
      </ul>
      <details class="as-table">
        <summary>Show as a table</summary>
        <Scrolls label="Table of computers">
          <NodeTable view={view} />
        </Scrolls>
      </details>
    </section>
  );
}

function Node({ node, models }: { node: NodeView; models: ModelView[] }) {
  const offline = node.state === 'unreachable';
  return (
    <li class="node" data-state={node.state}>
      <p class="line">
        <span>
          <span class="dot" data-state={dotOf(node)} />
          <strong class="name" title={node.name} dir="auto">
            {displayName(node)}
          </strong>
        </span>
        <span class="muted small">
          {offline ? `unreachable, last seen ${format.ago(Date.now() - node.lastSeen)}` : rolesOf(node)}
        </span>
      </p>
      {node.holdings.map((holding) => (
        <Holding
          key={holding.modelId}
          holding={holding}
          node={node}
          model={models.find(({ id }) => id === holding.modelId)}
          named={models.length > 1}
        />
      ))}
    </li>
  );
}

interface HoldingProps {
  holding: HoldingView;
  node: NodeView;
  model: ModelView | undefined;
  /** Whether to show the model's name: there are several models. */
  named: boolean;
}

function Holding({ holding, node, model, named }: HoldingProps) {
  const { blocks, bytesHave, bytesTotal, modelId } = holding;
  const name = model?.name ?? modelId;
  return (
    <>
      {named && (
        <p class="small" dir="auto">
          {name}
        </p>
      )}
      {blocks && model && (
        <SpanBar
          layers={model.layers}
          first={blocks.first}
          end={blocks.end}
          hue={hueOf(node.id)}
          live={working.value.has(node.id)}
          label={`${displayName(node)} runs blocks ${format.blockRange(blocks)} of ${model.layers} of ${name}`}
        />
      )}
      {!blocks && !node.self && bytesHave < bytesTotal && (
        <HeldBar have={bytesHave} total={bytesTotal} label={`${displayName(node)} holds part of ${name}`} />
      )}
      <p class="line muted small">
        <span>{runs(holding, node)}</span>
        <span>{node.self ? format.bytes(bytesHave) : held(holding)}</span>
      </p>
    </>
  );
}

function NodeTable({ view }: { view: NetworkView }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">State</th>
          <th scope="col">Model</th>
          <th scope="col">Blocks</th>
          <th scope="col" class="number">
            Downloaded
          </th>
        </tr>
      </thead>
      <tbody>{view.nodes.flatMap((node) => rowsOf(node, view.models))}</tbody>
    </table>
  );
}

/** One row per holding; a node without holdings still gets a row. */
function rowsOf(node: NodeView, models: ModelView[]) {
  const holdings: (HoldingView | undefined)[] = node.holdings.length > 0 ? node.holdings : [undefined];
  return holdings.map((holding) => (
    <tr key={`${node.id}:${holding?.modelId}`}>
      <th scope="row" dir="auto">
        {displayName(node)}
      </th>
      <td>{node.state === 'online' ? 'online' : 'offline'}</td>
      <td>{models.find(({ id }) => id === holding?.modelId)?.name ?? holding?.modelId ?? '–'}</td>
      <td>{holding?.blocks ? format.blockRange(holding.blocks) : '–'}</td>
      <td class="number">{holding ? format.bytes(holding.bytesHave) : '–'}</td>
    </tr>
  ));
}

/** While the page is offline, nothing is known about the others. */
function dotOf({ state }: NodeView): 'live' | 'lost' | 'unknown' {
  if (connection.value !== 'live') return 'unknown';
  return state === 'online' ? 'live' : 'lost';
}

const displayName = ({ self, name }: NodeView): string => (self ? 'Your computer' : name);

const rolesOf = ({ roles }: NodeView): string => roles.map((role) => ROLE_WORDS[role]).join(' · ');

function runs({ blocks, bytesHave, bytesTotal }: HoldingView, { self, roles }: NodeView): string {
  if (blocks) return `blocks ${format.blockRange(blocks)}`;
  if (bytesHave >= bytesTotal) return 'whole model';
  return self && roles.includes('client') ? 'what chatting needs' : 'part of the model';
}

function held({ bytesHave, bytesTotal }: HoldingView): string {
  return bytesHave >= bytesTotal
    ? format.bytes(bytesTotal)
    : `${format.bytes(bytesHave)} of ${format.bytes(bytesTotal)}`;
}
