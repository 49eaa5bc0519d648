import { useSignal } from '@preact/signals';
import type { TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Turn } from '../../src/node/api/node-api.ts';
import { EditIcon, NextIcon, PreviousIcon } from '../shell/icons.tsx';
import { ask, busy, showVersion, thread } from '../state/chat.ts';
import { AnswerView } from './answer.tsx';

/** A question, its versions, and its answer. */
export function TurnView({ turn, last }: { turn: Turn; last: boolean }) {
  const editing = useSignal(false);
  return (
    <section class="turn" aria-label="Question and answer">
      {editing.value ? (
        <Edit turn={turn} onDone={() => (editing.value = false)} />
      ) : (
        <div class="question">
          <p class="prompt" dir="auto">
            {turn.prompt}
          </p>
          <div class="question-row">
            <Versions turn={turn} />
            <button
              type="button"
              class="quiet icon-only"
              aria-label="Edit this question"
              title="Edit"
              disabled={busy.value}
              onClick={() => (editing.value = true)}
            >
              <EditIcon />
            </button>
          </div>
        </div>
      )}
      <AnswerView turn={turn} last={last} />
    </section>
  );
}

/** ‹ 2/3 ›: the versions of a question or its answer. */
function Versions({ turn }: { turn: Turn }) {
  const versions = (thread.value?.turns ?? []).filter(({ parent }) => parent === turn.parent);
  if (versions.length < 2) return null;
  const at = versions.findIndex(({ id }) => id === turn.id);
  const to = (index: number) => void showVersion(versions[index]!.id);
  return (
    <fieldset class="versions" aria-label="Versions">
      <button
        type="button"
        class="quiet icon-only"
        aria-label="Previous version"
        disabled={at === 0 || busy.value}
        onClick={() => to(at - 1)}
      >
        <PreviousIcon />
      </button>
      <span>
        {at + 1}/{versions.length}
      </span>
      <button
        type="button"
        class="quiet icon-only"
        aria-label="Next version"
        disabled={at === versions.length - 1 || busy.value}
        onClick={() => to(at + 1)}
      >
        <NextIcon />
      </button>
    </fieldset>
  );
}

/** Asks a changed question as another version; the old one is kept. */
function Edit({ turn, onDone }: { turn: Turn; onDone: () => void }) {
  const text = useSignal(turn.prompt);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const send = () => {
    if (text.value.trim() === '' || busy.value) return;
    onDone();
    void ask(text.value.trim(), turn.parent);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      onDone();
    }
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        aria-label="Your question"
        dir="auto"
        rows={2}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <p class="buttons">
        <button type="button" class="quiet" onClick={onDone}>
          Cancel
        </button>
        <button type="submit" class="primary">
          Ask again
        </button>
      </p>
    </form>
  );
}
