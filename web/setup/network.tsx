import * as format from '../format.ts';
import { Join } from '../network/join.tsx';
import { CopyButton } from '../shell/copy-button.tsx';
import { Form } from '../shell/form.tsx';
import { joinTestNetwork } from '../state/invite.ts';
import { network } from '../state/live.ts';
import { Continue } from './continue.tsx';
import type { StepProps } from './wizard.tsx';

const DEVNET = 'bitorch devnet';

export function NetworkStep({ view, onDone }: StepProps) {
  const { hasNetwork, testNetwork } = view;
  if (hasNetwork) {
    const online = network.value?.nodes.filter(({ state, self }) => state === 'online' && !self).length ?? 0;
    return (
      <>
        <p>
          This computer is part of a network.{' '}
          {online > 0
            ? `${format.count(online, 'other computer is', 'other computers are')} online.`
            : 'No other computer was met yet.'}
        </p>
        <Continue onClick={onDone} />
      </>
    );
  }
  return (
    <>
      <p>
        With Bitorch, many computers run a model together. Ask somebody who takes part for an invite, and
        paste it here.
      </p>
      <Join onJoined={onDone} />
      <h3>No invite?</h3>
      <p class="muted small">{format.sentence(testNetwork.text)}</p>
      {testNetwork.available && (
        <>
          <Form
            action={`Join the network “${testNetwork.name}”`}
            quiet
            onSubmit={async () => {
              await joinTestNetwork();
              await onDone();
            }}
          >
            {null}
          </Form>
          <p class="muted small">To try everything on this computer alone, stop Bitorch and run:</p>
        </>
      )}
      <p class="command">
        <code>{DEVNET}</code>
        <CopyButton text={DEVNET} label="Copy" />
      </p>
    </>
  );
}
