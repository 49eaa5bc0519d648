import * as format from '../format.ts';
import { Alone } from '../network/alone.tsx';
import { computersOf } from '../network/coverage.ts';
import { Empty } from '../shell/empty.tsx';
import { Flame } from '../shell/icons.tsx';
import { Term } from '../shell/term.tsx';
import { ask } from '../state/chat.ts';
import { alone } from '../state/invite.ts';
import { model, network } from '../state/live.ts';
import { setup, skipAll } from '../state/setup.ts';
import { chatProblem } from '../state/threads.ts';

/** Questions that small models also answer well and briefly. */
const EXAMPLES = [
  'What is the capital of France?',
  'Why is the sky blue?',
  'What is a neural network?',
  'Who wrote Romeo and Juliet?',
];

/** The empty chat: how it works, and examples to start with. */
export function Welcome() {
  const [view, chosen] = [network.value, model.value];
  const running = view && chosen ? computersOf(chosen, view.nodes).size : 0;
  return (
    <div class="welcome">
      <Flame />
      <h2>Ask the network</h2>
      <p class="muted">
        Your question is answered by a model that is split over{' '}
        {running > 1 ? `${running} computers` : 'the computers of this network'}. Each answer is{' '}
        <Term of="checked">checked</Term> by another one.
      </p>
      <Next />
      <SetupHint />
    </div>
  );
}

/** Leads to the setup while something of it is open. */
function SetupHint() {
  const open =
    setup.value?.steps.filter(({ state, blocked }) => state === 'open' && blocked === undefined) ?? [];
  if (open.length === 0) return null;
  return (
    <p class="muted small">
      <a href="#/setup">Set up this computer</a>: {format.count(open.length, 'step')} left.{' '}
      <button type="button" class="quiet" onClick={() => void skipAll()}>
        Not now
      </button>
    </p>
  );
}

/** Examples, or what is missing before anything can be asked. */
function Next() {
  if (chatProblem.value) return null;
  if (!network.value) return <p role="status">Connecting to the network…</p>;
  if (alone.value) return <Alone />;
  if (!model.value) {
    return (
      <Empty command="bitorch start --publish hf:HuggingFaceTB/SmolLM2-135M-Instruct">
        This network has no model yet. Publish one from the terminal, or wait until another computer does:
      </Empty>
    );
  }
  return (
    <ul class="examples" aria-label="Examples">
      {EXAMPLES.map((example) => (
        <li key={example}>
          <button type="button" onClick={() => void ask(example)}>
            {example}
          </button>
        </li>
      ))}
    </ul>
  );
}
