import type { Signal } from '@preact/signals';
import * as format from '../format.ts';
import { CopyButton } from '../shell/copy-button.tsx';
import { AgainIcon } from '../shell/icons.tsx';
import { type Answer, askAgain } from '../state/chat.ts';
import { AuditBadge } from './audit.tsx';
import { Markdown } from './markdown.tsx';
import { Route } from './route.tsx';

/** One answer: progress, text, route, measurements and audit. */
export function AnswerView({ answer: { value: answer }, last }: { answer: Signal<Answer>; last: boolean }) {
  const { phase, text } = answer;
  const settled = phase === 'done' || phase === 'stopped';
  return (
    <article class="answer" aria-label="Answer" aria-busy={phase === 'writing'}>
      {text && <Markdown text={text} />}
      <Waiting answer={answer} />
      {phase === 'failed' && <Failure answer={answer} />}
      {answer.hops.length > 0 && <Route hops={answer.hops} live={!settled && phase !== 'failed'} />}
      {settled && <Facts answer={answer} />}
      {settled && (
        <div class="actions">
          {text && <CopyButton text={text} label="Copy" />}
          {last && (
            <button type="button" class="quiet" onClick={askAgain}>
              <AgainIcon />
              Regenerate
            </button>
          )}
        </div>
      )}
    </article>
  );
}

/** Progress before the first token. */
function Waiting({ answer: { phase, prefill } }: { answer: Answer }) {
  if (phase === 'waiting') return <p class="waiting">Finding a route…</p>;
  if (phase !== 'reading' || !prefill) return null;
  return (
    <p class="waiting">
      <label>
        Reading your prompt, {prefill.done} of {format.count(prefill.total, 'token')}{' '}
        <progress value={prefill.done} max={prefill.total} />
      </label>
    </p>
  );
}

function Facts({ answer: { answerId, stats, phase } }: { answer: Answer }) {
  return (
    <div class="facts">
      {phase === 'done' && answerId && <AuditBadge answerId={answerId} />}
      {phase === 'stopped' && <span>Stopped by you</span>}
      {stats && (
        <ul class="inline" aria-label="Measurements">
          <li>{stats.tokensPerSecond.toFixed(1)} tokens/s</li>
          <li>first token after {format.duration(stats.timeToFirstTokenMs)}</li>
          <li>{format.count(stats.completionTokens, 'token')}</li>
          {stats.reason === 'length' && <li>cut off at the length limit</li>}
          {stats.reason === 'repetition' && <li>ended: the model was repeating itself</li>}
        </ul>
      )}
    </div>
  );
}

/** The node's error message and a Retry button; the prompt is kept. */
function Failure({ answer: { error, text } }: { answer: Answer }) {
  return (
    <div class="failure" role="alert">
      <p>
        <strong>{text ? 'The answer was cut off.' : 'No answer.'}</strong> {error?.message}{' '}
        <code>{error?.code}</code>
      </p>
      <button type="button" onClick={askAgain}>
        <AgainIcon />
        Retry
      </button>
    </div>
  );
}
