import type { ModelView, NetworkView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { CoverageBar } from './bars.tsx';
import { coverageOf } from './coverage.ts';

/** The models of the network, and whether every block is served. */
export function Models({ view }: { view: NetworkView }) {
  return (
    <section aria-labelledby="models-heading">
      <h3 id="models-heading">Models</h3>
      {view.models.length === 0 && <p class="muted">No model has been published on this network yet.</p>}
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
    <div class="card">
      <p class="line">
        <strong class="name">{model.name}</strong>
        <span class={`tag ${model.available ? 'tag-ok' : 'tag-bad'}`}>
          {model.available ? 'available' : 'incomplete'}
        </span>
      </p>
      <CoverageBar
        coverage={coverage}
        label={`${model.name}: ${served} of ${model.layers} blocks are served`}
      />
      <p class="line muted small">
        <span>
          {served} of {format.count(model.layers, 'block')} served
        </span>
        <span>{format.bytes(model.bytes)}</span>
      </p>
      <p class="line muted small">
        <span>
          {model.licence} · context {format.count(model.context, 'token')}
        </span>
        <a href={torrent} download>
          .torrent
        </a>
      </p>
    </div>
  );
}
