import { clearDraft, Form, useDraft } from '../shell/form.tsx';
import { join, risks } from '../state/invite.ts';

/** Joins a network by a pasted invite. */
export function Join() {
  return (
    <Form
      action={risks.value ? 'Join anyway' : 'Join'}
      draft="join"
      onSubmit={async ({ invite }) => {
        if (await join(invite!)) clearDraft('join');
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
