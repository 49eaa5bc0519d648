import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../api/call.ts';
import { sentence } from '../format.ts';
import { CopyButton } from '../shell/copy-button.tsx';
import { Empty } from '../shell/empty.tsx';
import { newInvite } from '../state/invite.ts';
import { Join } from './join.tsx';
import { QrCode } from './qr.tsx';

/** An invite to this network as a link and as a QR code, and the field for one from somebody else. */
export function InvitePanel() {
  return (
    <section class="panel" id="invite-panel" aria-labelledby="invite-heading">
      <h3 id="invite-heading">Invite another computer</h3>
      <NewInvite />
      <details>
        <summary>Join by an invite</summary>
        <Join />
      </details>
    </section>
  );
}

function NewInvite() {
  const invite = useSignal<string | undefined>(undefined);
  const problem = useSignal<ApiError | undefined>(undefined);
  useEffect(() => {
    newInvite().then(
      (made) => (invite.value = made),
      (error: unknown) => (problem.value = error instanceof ApiError ? error : undefined),
    );
  }, []);
  if (problem.value) return <Problem error={problem.value} />;
  if (invite.value === undefined) {
    return (
      <p class="muted" role="status">
        Writing an invite…
      </p>
    );
  }
  return (
    <div class="invite">
      <QrCode text={invite.value} label="The invite as a QR code" />
      <div class="invite-text">
        <p>
          Whoever has this link can join this network with Bitorch, for 30 days. On the other computer, paste
          it on this page, or start with it in the terminal.
        </p>
        <code class="wraps" title={invite.value}>
          {invite.value}
        </code>
        <p class="buttons buttons-start">
          <CopyButton text={invite.value} label="Copy the link" />
          <CopyButton text={`bitorch start "${invite.value}"`} label="Copy the command" />
        </p>
      </div>
    </div>
  );
}

function Problem({ error: { code, message } }: { error: ApiError }) {
  if (code !== 'INVITE_UNREACHABLE') return <p role="alert">{sentence(message)}</p>;
  return (
    <Empty command="bitorch start --listen /ip4/0.0.0.0/tcp/4001">
      Other computers cannot reach this one: Bitorch was started for this computer only. Start it again so
      that it listens to others, too:
    </Empty>
  );
}
