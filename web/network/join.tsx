import { clearDraft, Form, useDraft } from '../shell/form.tsx';
import { join } from '../state/invite.ts';

/** Joins a network by a pasted invite. */
export function Join() {
  return (
    <Form
      action="Join"
      draft="join"
      onSubmit={async ({ invite }) => {
        await join(invite!);
        clearDraft('join');
      }}
    >
      <InviteField />
    </Form>
  );
}

function InviteField() {
  return (
    <div class="labelled">
      <label for="invite">Invite</label>
      <textarea
        id="invite"
        name="invite"
        rows={3}
        required
        maxLength={4096}
        spellcheck={false}
        autocomplete="off"
        placeholder="bitorch://join?…"
        defaultValue={useDraft('invite')}
        aria-describedby="invite-hint"
      />
      <span id="invite-hint" class="muted small">
        Whoever invites you also chooses who checks the models for you. Join people you trust.
      </span>
    </div>
  );
}
