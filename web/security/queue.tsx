import type { ExaminationView, SecurityView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';

const REASONS: Readonly<Record<ExaminationView['reason'], string>> = {
  new: 'new',
  'new rules': 'again, by new rules',
  'failed before': 'again',
};

/** What this security node examines now and next; on other nodes, that they examine nothing. */
export function Queue({ examiner }: { examiner: SecurityView['examiner'] | undefined }) {
  return (
    <section class="panel" aria-labelledby="queue-heading">
      <h3 id="queue-heading">
        Queue {examiner && <span class="muted number">{format.count(examiner.queue.length, 'model')}</span>}
      </h3>
      {!examiner && (
        <p class="muted">
          Your node examines nothing itself: it relies on the word of security nodes. To run one, start it
          with <code>--roles security</code>.
        </p>
      )}
      {examiner?.rescan && <Rescan rescan={examiner.rescan} />}
      {examiner?.queue.length === 0 && (
        <p class="muted" role="status">
          Every model that somebody holds is examined.
        </p>
      )}
      {examiner && examiner.queue.length > 0 && (
        <ol class="queue">
          {examiner.queue.map((entry) => (
            <Entry key={entry.modelId} entry={entry} />
          ))}
        </ol>
      )}
    </section>
  );
}

/** How far the models are that new rules are about. */
function Rescan({ rescan }: { rescan: NonNullable<NonNullable<SecurityView['examiner']>['rescan']> }) {
  const { version, touched, done, untouched } = rescan;
  const words = `By the rules of version ${version}: ${done} of ${format.count(touched, 'model')} examined again`;
  return (
    <div class="step">
      <p class="small">
        {words}
        {untouched > 0 && `, in ${untouched} nothing changes`}
      </p>
      {touched > 0 && <progress aria-label={words} max={touched} value={done} />}
    </div>
  );
}

function Entry({ entry }: { entry: ExaminationView }) {
  const { name, holders, running, reason, step, problem, affected } = entry;
  return (
    <li>
      <p class="line">
        <strong class="name">{name}</strong>
        <span class="muted small">
          {REASONS[reason]}, {format.count(holders, 'holder')}
          {running > 0 && `, runs on ${running}`}
        </span>
      </p>
      {affected && <p class="muted small">{affected}</p>}
      {step && (
        <label class="step">
          <span>{step.name}</span>
          <span class="number">{amountOf(step)}</span>
          <progress max={step.total || 1} {...(step.total > 0 && { value: step.done })} />
        </label>
      )}
      {problem && !step && <p class="small problem">{problem}</p>}
    </li>
  );
}

function amountOf({ done, total, unit }: NonNullable<ExaminationView['step']>): string {
  if (total === 0) return '';
  return unit === 'bytes' ? `${format.bytes(done)} of ${format.bytes(total)}` : `${done} of ${total} ${unit}`;
}
