import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Queued, Turn } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { CopyButton } from '../shell/copy-button.tsx';
import { AgainIcon, BranchIcon, ContinueIcon } from '../shell/icons.tsx';
import { type Answer, answerOf, askAgain, branch, busy, resume } from '../state/chat.ts';
import { audits } from '../state/live.ts';
import { AuditBadge, Evidence, PENDING } from './audit.tsx';
import { Markdown } from './markdown.tsx';
import { Route } from './route.tsx';

/** One answer: progress, text, and a footer of one row. `last`: nothing follows it. */
export function AnswerView({ turn, last }: { turn: Turn; last: boolean }) {
  const answer = answerOf(turn);
  const { phase, text, hops, pieces } = answer;
  const running = ['waiting', 'reading', 'writing'].includes(phase);
  return (
    <article class="answer" aria-label="Answer" aria-busy={phase === 'writing'}>
      {text && <Markdown text={text} />}
      <Waiting answer={answer} />
      {phase === 'failed' && <Failure answer={answer} turn={turn} />}
      {running && hops.length > 0 && <Route hops={hops} live beat={pieces} />}
      {!running && phase !== 'failed' && <Footer answer={answer} turn={turn} last={last} />}
    </article>
  );
}

/** Progress before the first token. */
function Waiting({
  answer: { phase, queued, prefill },
}: {
  answer: Pick<Answer, 'phase' | 'queued' | 'prefill'>;
}) {
  if (phase === 'waiting' && queued) return <Place {...queued} />;
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

/** Its place in the queue of a busy computer. */
function Place({ node, position, estimateMs }: Queued) {
  return (
    <p class="waiting">
      <bdi>{node.name}</bdi> is busy:{' '}
      {position === 1 ? 'your question is next' : `${position - 1} before you`}
      {estimateMs !== null && `, about ${format.duration(estimateMs)}`}…
    </p>
  );
}

const ENDED: Partial<Record<string, string>> = {
  length: 'cut off at the length limit',
  repetition: 'ended: the model was repeating itself',
};

function Footer({ answer, turn, last }: { answer: Answer; turn: Turn; last: boolean }) {
  const open = useSignal(false);
  const { phase, stats, text, hops } = answer;
  const audit = audits.value.get(answer.answerId ?? '') ?? answer.audit ?? PENDING;
  const ended = stats && ENDED[stats.reason];
  const partial = phase === 'stopped' || stats?.reason === 'length';
  return (
    <>
      <div class="footer">
        {phase === 'done' ? <AuditBadge audit={audit} open={open} /> : <span>Stopped by you</span>}
        {ended && <span>{ended}</span>}
        <Route hops={hops} live={false} beat={0} />
        {stats && <span class="speed">{Math.round(stats.tokensPerSecond)} tok/s</span>}
        <span class="actions">
          {partial && last && (
            <button type="button" class="quiet" disabled={busy.value} onClick={() => void resume(turn)}>
              <ContinueIcon />
              Continue
            </button>
          )}
          {text && <CopyButton text={text} label="Copy" iconOnly />}
          {last && (
            <Act label="Regenerate" onClick={() => askAgain(turn)}>
              <AgainIcon />
            </Act>
          )}
          <Act label="Branch into a new chat" onClick={() => void branch(turn)}>
            <BranchIcon />
          </Act>
        </span>
      </div>
      {open.value && (
        <div class="details" ref={(details) => details?.scrollIntoView({ block: 'nearest' })}>
          <p>{audit.summary}</p>
          <dl>
            <Evidence audit={audit} />
            {stats && <Measurements stats={stats} />}
          </dl>
        </div>
      )}
    </>
  );
}

function Act({
  label,
  onClick,
  children,
}: {
  label: string;
  onClick: () => void;
  children: ComponentChildren;
}) {
  return (
    <button
      type="button"
      class="quiet icon-only"
      aria-label={label}
      title={label}
      disabled={busy.value}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

function Measurements({ stats }: { stats: NonNullable<Answer['stats']> }) {
  return (
    <>
      <dt>Speed</dt>
      <dd>
        {stats.tokensPerSecond.toFixed(1)} tokens/s, first token after{' '}
        {format.duration(stats.timeToFirstTokenMs)}
      </dd>
      <dt>Length</dt>
      <dd>
        {format.count(stats.completionTokens, 'token')}, after a prompt of{' '}
        {format.count(stats.promptTokens, 'token')}
      </dd>
    </>
  );
}

/** The node's error message, and how to go on; what was written is kept. */
function Failure({ answer: { error, text }, turn }: { answer: Answer; turn: Turn }) {
  return (
    <div class="failure" role="alert">
      <p dir="auto">
        <strong>{text ? 'The answer was cut off.' : 'No answer.'}</strong> {error?.message}{' '}
        <code>{error?.code}</code>
      </p>
      <p class="buttons">
        {text && (
          <button type="button" disabled={busy.value} onClick={() => void resume(turn)}>
            <ContinueIcon />
            Continue
          </button>
        )}
        <button
          type="button"
          disabled={busy.value}
          onClick={() => (text ? askAgain(turn) : void resume(turn))}
        >
          <AgainIcon />
          Retry
        </button>
      </p>
    </div>
  );
}
