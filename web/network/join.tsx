import { useId } from 'preact/hooks';
import { clearDraft, Form, useDraft } from '../shell/form.tsx';
import { join, risks } from '../state/invite.ts';
import { showToast } from '../state/toast.ts';

/** Joins a network by a pasted invite. `onJoined` is called before the node starts again. */
export function Join({ onJoined = tell }: { onJoined?: () => Promise<void> | void }) {
  return (
    <Form
      action={risks.value ? 'Join anyway' : 'Join'}
      draft="join"
      onSubmit={async ({ invite }) => {
        if (!(await join(invite!))) return;
        clearDraft('join');
        await onJoined();
      }}
    >
      <InviteField />
      {risks.value && (
        <p class="problem" role="alert">
          {risks.value.text}
        </p>
      )}
    </Form>
  );
}

const tell = () => showToast({ text: 'Joined. Your node starts again as a part of the network.' });

function InviteField() {
  // Two of them may be on the page: the chat stays mounted behind other pages.
  const id = useId();
  return (
    <div class="labelled">
      <label for={id}>Invite</label>
      <textarea
        id={id}
        name="invite"
        rows={3}
        required
        maxLength={4096}
        spellcheck={false}
        autocomplete="off"
        placeholder="bitorch://join?…"
        defaultValue={useDraft('invite')}
        aria-describedby={`${id}-hint`}
      />
      <span id={`${id}-hint`} class="muted small">
        Whoever invites you also chooses who checks the models for you. Join people you trust.
      </span>
    </div>
  );
}
