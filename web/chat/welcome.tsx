import { Flame } from '../shell/icons.tsx';
import { ask } from '../state/chat.ts';
import { model, network } from '../state/live.ts';

/** Small models answer these well, too, and come to an end. */
const EXAMPLES = [
  'What is the capital of France?',
  'Why is the sky blue?',
  'What is a neural network?',
  'Name three things to pack for a hike.',
];

/** What an empty chat says: what will happen, and something to begin with. */
export function Welcome() {
  const running =
    network.value?.nodes.filter(({ holdings }) => holdings.some(({ blocks }) => blocks)).length ?? 0;
  return (
    <div class="welcome">
      <Flame />
      <h2>Ask the network</h2>
      <p class="muted">
        Your question runs through a model that is split over{' '}
        {running > 1 ? `${running} nodes` : 'the nodes of this network'}. Another node computes a part again,
        and the two must agree to the bit.
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
        <p role="status">{network.value ? 'No model is on this network yet.' : 'Looking at the network…'}</p>
      )}
    </div>
  );
}
