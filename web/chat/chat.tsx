import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { busy, current, stop, turns } from '../state/chat.ts';
import { AnswerView } from './answer.tsx';
import { Composer } from './composer.tsx';
import { Welcome } from './welcome.tsx';

const NEAR_BOTTOM_PX = 120;

/** The conversation and the message box. */
export function Chat() {
  useFollowing();
  useEscape();
  return (
    <>
      <div class="conversation">
        {turns.value.length > 0 && <h2 class="visually-hidden">Conversation</h2>}
        {turns.value.length === 0 ? (
          <Welcome />
        ) : (
          turns.value.map((turn) => (
            <section class="turn" key={turn.id} aria-label="Question and answer">
              <p class="prompt">{turn.prompt}</p>
              <AnswerView answer={turn.answer} last={turn === current.value} />
            </section>
          ))
        )}
      </div>
      <Announcement />
      <Composer />
    </>
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
    const answer = current.value?.answer.value;
    if (answer?.phase === 'waiting') following.current = true;
    if (!answer || !following.current) return;
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
  const phase = current.value?.answer.value.phase;
  return (
    <p class="visually-hidden" role="status">
      {phase && SAID[phase]}
    </p>
  );
}
