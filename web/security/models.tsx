import type { AttestationView, SafetyState, SafetyView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Term } from '../shell/term.tsx';
import { Findings } from './findings.tsx';
import { Report } from './report.tsx';

const STATES: Readonly<Record<SafetyState, { word: string; tag: string; meaning: string }>> = {
  pending: {
    word: 'waiting',
    tag: 'tag',
    meaning:
      'No trusted security node has cleared it yet. It is neither shared nor run for others; use it at your own risk.',
  },
  unreported: {
    word: 'waiting for a report',
    tag: 'tag',
    meaning:
      'A security node has cleared it, but the report is not available yet. Until it is, the clearance does not count.',
  },
  cleared: { word: 'cleared', tag: 'tag tag-ok', meaning: '' },
  quarantined: { word: 'quarantined', tag: 'tag tag-bad', meaning: '' },
  unchecked: {
    word: 'not checked',
    tag: 'tag tag-bad',
    meaning: 'No security node has examined it. Run only models that you trust.',
  },
};

/** Models with the attestations of security nodes. */
export function Models({
  title,
  models,
  none,
}: {
  title: string;
  models: readonly SafetyView[];
  none: string;
}) {
  const heading = `${title.toLowerCase()}-safety-heading`;
  return (
    <section class="panel" aria-labelledby={heading}>
      <h3 id={heading}>
        {title === 'Quarantine' ? <Term of="quarantine">Quarantine</Term> : title}{' '}
        {models.length > 0 && <span class="muted number">{models.length}</span>}
      </h3>
      {models.length === 0 && <p class="muted">{none}</p>}
      {models.map((model) => (
        <Model key={model.modelId} model={model} />
      ))}
    </section>
  );
}

function Model({ model }: { model: SafetyView }) {
  const { word, tag, meaning } = STATES[model.state];
  return (
    <article class="safety" aria-label={model.name}>
      <p class="line">
        <strong class="name" dir="auto">
          {model.name}
        </strong>
        <span class={tag}>{word}</span>
      </p>
      {meaning && <p class="small">{meaning}</p>}
      {model.attestations.map((attestation) => (
        <Attestation key={attestation.authority.nodeId} attestation={attestation} />
      ))}
      <p class="line muted small">
        <span>{format.count(model.holders, 'holder')} online</span>
        <code title={`Model id ${model.modelId}`}>{format.shortHash(model.modelId)}</code>
      </p>
    </article>
  );
}

const VERDICTS: Readonly<Record<AttestationView['verdict'], string>> = {
  cleared: 'Scanned and cleared',
  unproven: 'Scanned but not run, and therefore not cleared,',
  quarantined: 'Scanned and quarantined',
};

function Attestation({ attestation }: { attestation: AttestationView }) {
  const { authority, verdict, time, ruleset, files, bytes, trial, findings, check } = attestation;
  return (
    <>
      <p class="small">
        {VERDICTS[verdict]} by <strong dir="auto">{authority.name}</strong>{' '}
        <time dateTime={new Date(time).toISOString()}>{format.ago(Date.now() - time)}</time>.
      </p>
      {check.state === 'contradicts' && (
        <p class="small problem">This attestation contradicts its own report, so your node ignores it.</p>
      )}
      <Findings findings={findings} />
      <details class="as-table">
        <summary>Details</summary>
        <dl class="particulars">
          <dt>Read</dt>
          <dd>
            {format.count(files, 'file')}, {format.bytes(bytes)}, all of it
          </dd>
          <dt>Rules</dt>
          <dd>
            {ruleset.name}, version {ruleset.version}
          </dd>
          <dt>
            <Term of="sandbox">Sandbox</Term>
          </dt>
          <dd>{sandboxWords(trial)}</dd>
          <dt>
            <Term of="report">Report</Term>
          </dt>
          <dd>
            <Report attestation={attestation} />
          </dd>
        </dl>
      </details>
    </>
  );
}

function sandboxWords({
  state,
  note,
  timeMs,
  peakMemoryBytes,
  processes,
  sockets,
}: AttestationView['trial']): string {
  if (state === 'unavailable' || state === 'omitted') return `not run: ${note}`;
  const usage = `${format.duration(timeMs)}, ${format.bytes(peakMemoryBytes)} of memory, ${format.count(processes, 'process', 'processes')}, ${format.count(sockets, 'socket')}`;
  return state === 'passed' ? `ran for ${usage}` : `failed after ${usage}: ${note}`;
}
