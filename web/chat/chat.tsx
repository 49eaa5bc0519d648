import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Strip } from '../network/strip.tsx';
import { AgainIcon, ListIcon } from '../shell/icons.tsx';
import { askUnsent, busy, live, stop, turns, type Unsent, unsent } from '../state/chat.ts';
import { openId } from '../state/view.ts';
import { Composer } from './composer.tsx';
import { Sidebar } from './sidebar.tsx';
import { TurnView } from './turn.tsx';
import { Welcome } from './welcome.tsx';

const NEAR_BOTTOM_PX = 120;

/** The conversations, the open one, and the message box. */
export function Chat() {
  const listed = useSignal(false);
  useFollowing();
  useEscape();
  // On a narrow screen the list covers the conversation until one is chosen.
  useSignalEffect(() => {
    openId.value;
    listed.value = false;
  });
  const empty = turns.value.length === 0 && !unsent.value;
  return (
    <div class="chat" data-listed={listed.value}>
      <Sidebar onChoose={() => (listed.value = false)} />
      <div class="column">
        <div class="topbar">
          <button
            type="button"
            class="quiet list-button"
            aria-expanded={listed.value}
            onClick={() => (listed.value = !listed.value)}
          >
            <ListIcon />
            <span>Chats</span>
          </button>
          <Strip />
        </div>
        <div class="conversation">
          {empty ? (
            // The node's answer decides what an address with a conversation shows.
            openId.value === undefined && <Welcome />
          ) : (
            <>
              <h2 class="visually-hidden">Conversation</h2>
              {turns.value.map((turn, i) => (
                <TurnView key={turn.id} turn={turn} last={i === turns.value.length - 1} />
              ))}
              {unsent.value && <UnsentView question={unsent.value} />}
            </>
          )}
        </div>
        <Announcement />
        <Composer />
      </div>
    </div>
  );
}

/** A question on its way to the node, or one that the node did not take. */
function UnsentView({ question: { prompt, error } }: { question: Unsent }) {
  return (
    <section class="turn" aria-label="Question and answer">
      <div class="question">
        <p class="prompt" dir="auto">
          {prompt}
        </p>
      </div>
      <article class="answer" aria-label="Answer">
        {error ? (
          <div class="failure" role="alert">
            <p dir="auto">
              <strong>Not asked.</strong> {error.message} <code>{error.code}</code>
            </p>
            <button type="button" onClick={askUnsent}>
              <AgainIcon />
              Retry
            </button>
          </div>
        ) : (
          <p class="waiting">Finding a route…</p>
        )}
      </article>
    </section>
  );
}

/** Scrolls to the newest text unless the reader has scrolled up. */
function useFollowing(): void {
  const following = useRef(true);
  useEffect(() => {
    const look = () => {
      const { scrollHeight } = document.documentElement;
      following.current = innerHeight + scrollY >= scrollHeight - NEAR_BOTTOM_PX;
    };
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  useSignalEffect(() => {
    const answer = live.value?.answer;
    if (turns.value.length === 0 && !unsent.value) return;
    if (unsent.value || answer?.phase === 'waiting') following.current = true;
    if (!following.current) return;
    requestAnimationFrame(() => scrollTo(0, document.documentElement.scrollHeight));
  });
}

function useEscape(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && busy.peek()) stop();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

const SAID = {
  waiting: 'Finding a route',
  reading: 'Reading your prompt',
  writing: 'The answer is being written',
  done: 'The answer is complete',
  stopped: 'The answer was stopped',
  failed: 'The answer failed',
} as const;

/** Announces each phase to screen readers, not every token. */
function Announcement() {
  const said = useSignal('');
  const before = useRef<string | undefined>(undefined);
  useSignalEffect(() => {
    const phase = live.value?.answer.phase;
    if (phase) said.value = SAID[phase];
    else if (before.current) said.value = SAID[turns.peek().at(-1)?.answer.state as keyof typeof SAID] ?? '';
    before.current = phase;
  });
  return (
    <p class="visually-hidden" role="status">
      {said.value}
    </p>
  );
}
