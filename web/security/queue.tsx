import type { ExaminationView, SecurityView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Empty } from '../shell/empty.tsx';

const REASONS: Readonly<Record<ExaminationView['reason'], string>> = {
  new: 'new',
  'new rules': 'again, with new rules',
  'failed before': 'retry',
};

/** The examination queue of a security node; other nodes show that they have none. */
export function Queue({ examiner }: { examiner: SecurityView['examiner'] | undefined }) {
  return (
    <section class="panel" aria-labelledby="queue-heading">
      <h3 id="queue-heading">
        Queue {examiner && <span class="muted number">{format.count(examiner.queue.length, 'model')}</span>}
      </h3>
      {!examiner && (
        <Empty command="bitorch start --roles security">
          Your computer does not scan models; it relies on security nodes. To scan models yourself, start it
          as one:
        </Empty>
      )}
      {examiner?.rescan && <Rescan rescan={examiner.rescan} />}
      {examiner?.queue.length === 0 && (
        <p class="muted" role="status">
          All models on the network have been examined.
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

/** Progress of the re-examination that a new ruleset requires. */
function Rescan({ rescan }: { rescan: NonNullable<NonNullable<SecurityView['examiner']>['rescan']> }) {
  const { version, touched, done, untouched } = rescan;
  const words = `Rules version ${version}: ${done} of ${format.count(touched, 'model')} re-examined`;
  return (
    <div class="step">
      <p class="small">
        {words}
        {untouched > 0 && `, ${untouched} unaffected`}
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
        <strong class="name" dir="auto">
          {name}
        </strong>
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
