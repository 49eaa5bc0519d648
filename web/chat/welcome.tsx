import { Flame } from '../shell/icons.tsx';
import { ask } from '../state/chat.ts';
import { model, network } from '../state/live.ts';

/** Questions that small models also answer well and briefly. */
const EXAMPLES = [
  'What is the capital of France?',
  'Why is the sky blue?',
  'What is a neural network?',
  'Name three things to pack for a hike.',
];

/** The empty chat: how it works, and examples to start with. */
export function Welcome() {
  const running =
    network.value?.nodes.filter(({ holdings }) => holdings.some(({ blocks }) => blocks)).length ?? 0;
  return (
    <div class="welcome">
      <Flame />
      <h2>Ask the network</h2>
      <p class="muted">
        Your question is answered by a model that is split over{' '}
        {running > 1 ? `${running} nodes` : 'the nodes of this network'}. Another node recomputes part of the
        answer, and the results must match bit for bit.
      </p>
      {model.value ? (
        <ul class="examples" aria-label="Examples">
          {EXAMPLES.map((example) => (
            <li key={example}>
              <button type="button" onClick={() => ask(example)}>
                {example}
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p role="status">{network.value ? 'This network has no model yet.' : 'Connecting to the network…'}</p>
      )}
    </div>
  );
}
