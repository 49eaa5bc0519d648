import type { EngineView, SecurityView } from '../../src/node/api/node-api.ts';

const STATES: Readonly<Record<EngineView['state'], { word: string; tag: string }>> = {
  clean: { word: 'found nothing', tag: 'tag tag-ok' },
  found: { word: 'found something', tag: 'tag tag-bad' },
  partial: { word: 'read in part', tag: 'tag' },
  missing: { word: 'missing', tag: 'tag' },
  failed: { word: 'failed', tag: 'tag tag-bad' },
};

/** External scan engines, with their state in the latest examination. */
export function Engines({ view }: { view: SecurityView }) {
  const latest = view.models.flatMap(({ attestations }) => attestations).sort((a, b) => b.time - a.time)[0];
  const { examiner } = view;
  return (
    <section class="panel" aria-labelledby="engines-heading">
      <h3 id="engines-heading">Engines</h3>
      {examiner && (
        <p class="line small">
          <span>
            Rules <strong>{examiner.ruleset.name}</strong>, version {examiner.ruleset.version}
          </span>
          <span class={examiner.sandbox.available ? 'tag tag-ok' : 'tag tag-bad'}>
            {examiner.sandbox.available ? 'sandbox ready' : 'no sandbox'}
          </span>
        </p>
      )}
      {examiner?.newer && (
        <p class="small notice" role="status">
          {examiner.newer.from} has version {examiner.newer.version}, signed by an authority that this node
          trusts. To install it, run <code>bitorch security update --from</code> with the address of that
          node.
        </p>
      )}
      {examiner?.sandbox.note && (
        <p class={examiner.sandbox.available ? 'muted small' : 'small problem'}>{examiner.sandbox.note}</p>
      )}
      {!latest && (
        <p class="muted">No model has been examined yet, so the state of ClamAV and YARA is unknown.</p>
      )}
      {latest && (
        <>
          <p class="muted small">
            Used besides the built-in scanner in the latest examination by {latest.authority.name}:
          </p>
          <ul class="engines">
            {latest.engines.map((engine) => (
              <Engine key={engine.name} engine={engine} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Engine({ engine }: { engine: EngineView }) {
  const { word, tag } = STATES[engine.state];
  return (
    <li>
      <p class="line">
        <span>
          <strong>{engine.name}</strong> <span class="muted small">{engine.version}</span>
        </span>
        <span class={tag}>{word}</span>
      </p>
      {engine.note && <p class="muted small">{engine.note}</p>}
    </li>
  );
}
