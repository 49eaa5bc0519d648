import { useId } from 'preact/hooks';
import { CopyButton } from '../shell/copy-button.tsx';
import { Join } from './join.tsx';

/** Shown on a computer that is part of no network yet: how it becomes one of others. */
export function Alone() {
  const heading = useId();
  const command = 'bitorch devnet';
  return (
    <section class="panel narrow" aria-labelledby={heading}>
      <h3 id={heading}>Join a network</h3>
      <p class="muted">
        Your computer is not part of a network yet. Ask somebody who is for an invite, and paste it here.
      </p>
      <Join />
      <p class="muted small">Nobody to ask? Try everything on this computer alone:</p>
      <p class="command">
        <code>{command}</code>
        <CopyButton text={command} label="Copy" />
      </p>
    </section>
  );
}
