import type { HoldingView, ModelView, NetworkView, NodeView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { working } from '../state/chat.ts';
import { HeldBar, SpanBar } from './bars.tsx';

const ROLE_WORDS = {
  seed: 'seeds',
  run: 'runs',
  audit: 'audits',
  client: 'asks',
  validate: 'validates',
  security: 'guards',
} as const;

/** Every node that this one knows: what it does, holds and runs. */
export function Nodes({ view }: { view: NetworkView }) {
  const online = view.nodes.filter(({ state }) => state === 'online').length;
  return (
    <section aria-labelledby="nodes-heading">
      <h3 id="nodes-heading">
        Nodes <span class="muted number">{online} online</span>
      </h3>
      <ul class="nodes">
        {view.nodes.map((node) => (
          <Node key={node.id} node={node} models={view.models} />
        ))}
      </ul>
      <details class="as-table">
        <summary>As a table</summary>
        <NodeTable view={view} />
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
          <span class="dot" data-state={offline ? 'lost' : 'live'} />
          <strong class="name">{node.name}</strong>
          {node.self && <span class="muted"> (you)</span>}
        </span>
        <span class="muted small">
          {offline ? `unreachable, seen ${format.ago(Date.now() - node.lastSeen)}` : rolesOf(node)}
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
  /** Whether the model's name must be said: there are several. */
  named: boolean;
}

function Holding({ holding, node, model, named }: HoldingProps) {
  const { blocks, bytesHave, bytesTotal, modelId } = holding;
  const name = model?.name ?? modelId;
  return (
    <>
      {named && <p class="small">{name}</p>}
      {blocks && model && (
        <SpanBar
          layers={model.layers}
          first={blocks.first}
          end={blocks.end}
          live={working.value.has(node.id)}
          label={`${node.name} runs blocks ${format.blockRange(blocks)} of ${model.layers} of ${name}`}
        />
      )}
      {!blocks && bytesHave < bytesTotal && (
        <HeldBar have={bytesHave} total={bytesTotal} label={`${node.name} holds a part of ${name}`} />
      )}
      <p class="line muted small">
        <span>{runs(holding)}</span>
        <span>{held(holding)}</span>
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
            Held
          </th>
        </tr>
      </thead>
      <tbody>{view.nodes.flatMap((node) => rowsOf(node, view.models))}</tbody>
    </table>
  );
}

/** One row a holding; a node without any has one row all the same. */
function rowsOf(node: NodeView, models: ModelView[]) {
  const holdings: (HoldingView | undefined)[] = node.holdings.length > 0 ? node.holdings : [undefined];
  return holdings.map((holding) => (
    <tr key={`${node.id}:${holding?.modelId}`}>
      <th scope="row">{node.name}</th>
      <td>{node.state === 'online' ? 'online' : 'offline'}</td>
      <td>{models.find(({ id }) => id === holding?.modelId)?.name ?? holding?.modelId ?? '–'}</td>
      <td>{holding?.blocks ? format.blockRange(holding.blocks) : '–'}</td>
      <td class="number">{holding ? format.bytes(holding.bytesHave) : '–'}</td>
    </tr>
  ));
}

const rolesOf = ({ roles }: NodeView): string => roles.map((role) => ROLE_WORDS[role]).join(' · ');

function runs({ blocks, bytesHave, bytesTotal }: HoldingView): string {
  if (blocks) return `blocks ${format.blockRange(blocks)}`;
  return bytesHave >= bytesTotal ? 'whole model' : 'part of the model';
}

function held({ bytesHave, bytesTotal }: HoldingView): string {
  return bytesHave >= bytesTotal
    ? format.bytes(bytesTotal)
    : `${format.bytes(bytesHave)} of ${format.bytes(bytesTotal)}`;
}
