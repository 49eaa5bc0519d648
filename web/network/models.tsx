import type { ModelView, NetworkView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Empty } from '../shell/empty.tsx';
import { Term } from '../shell/term.tsx';
import { working } from '../state/chat.ts';
import { CoverageBar } from './bars.tsx';
import { coverageOf } from './coverage.ts';

/** The models of the network, and whether every block is served. */
export function Models({ view }: { view: NetworkView }) {
  return (
    <section class="panel" aria-labelledby="models-heading">
      <h3 id="models-heading">Models</h3>
      {view.models.length === 0 && (
        <Empty command="bitorch start --publish hf:HuggingFaceTB/SmolLM2-135M-Instruct">
          No model has been published on this network yet. Publish one from the terminal:
        </Empty>
      )}
      {view.models.map((model) => (
        <Model key={model.id} model={model} view={view} />
      ))}
    </section>
  );
}

function Model({ model, view }: { model: ModelView; view: NetworkView }) {
  const coverage = coverageOf(model, view.nodes);
  const served = coverage.filter((nodes) => nodes > 0).length;
  const torrent = `/api/models/${encodeURIComponent(model.id)}/torrent`;
  return (
    <div class="item">
      <p class="line">
        <strong class="name" dir="auto">
          {model.name}
        </strong>
        <span class={`tag ${model.available ? 'tag-ok' : 'tag-bad'}`}>
          {model.available ? 'available' : 'incomplete'}
        </span>
      </p>
      <CoverageBar
        model={model}
        nodes={view.nodes}
        working={working.value}
        label={`${model.name}: ${served} of ${model.layers} blocks are served`}
      />
      <p class="line muted small">
        <span>
          {served} of {model.layers.toLocaleString('en')} <Term of="blocks">blocks</Term> served
        </span>
        <span>{format.bytes(model.bytes)}</span>
      </p>
      <p class="line muted small">
        <span>
          {model.licence} · <Term of="context">context</Term> {format.count(model.context, 'token')}
        </span>
        <a href={torrent} download>
          .torrent
        </a>
      </p>
    </div>
  );
}
