import { useSignal } from '@preact/signals';
import * as format from '../format.ts';
import { PlusIcon } from '../shell/icons.tsx';
import { alone } from '../state/invite.ts';
import { network, progress } from '../state/live.ts';
import { Alone } from './alone.tsx';
import { InvitePanel } from './invite.tsx';
import { Models } from './models.tsx';
import { Nodes } from './nodes.tsx';
import { Transfers } from './transfers.tsx';

/** The network as your node sees it, live. */
export function NetworkPage() {
  const view = network.value;
  const inviting = useSignal(false);
  return (
    <>
      <div class="line">
        <h2>Network</h2>
        {!alone.value && (
          <button
            type="button"
            aria-expanded={inviting.value}
            aria-controls="invite-panel"
            onClick={() => (inviting.value = !inviting.value)}
          >
            <PlusIcon />
            Invite
          </button>
        )}
      </div>
      {alone.value ? <Alone /> : inviting.value && <InvitePanel />}
      <CurrentStep />
      {view ? (
        <div class="columns">
          <div>
            <Models view={view} />
            <Transfers view={view} />
          </div>
          <div>
            <Nodes view={view} />
          </div>
        </div>
      ) : (
        <p class="muted" role="status">
          Connecting to the network…
        </p>
      )}
    </>
  );
}

/** Progress of the node's current long step: fetching, publishing or loading. */
export function CurrentStep() {
  const step = progress.value;
  if (!step) return null;
  const amount = (n: number) => (step.unit === 'bytes' ? format.bytes(n) : String(n));
  const of = step.total > 0 ? ` of ${amount(step.total)}` : '';
  return (
    <label class="step">
      <span>{step.step}</span>
      <span class="number">
        {amount(step.done)}
        {of} {step.unit === 'bytes' ? '' : step.unit}
      </span>
      <progress max={step.total || 1} {...(step.total > 0 && { value: step.done })} />
    </label>
  );
}
