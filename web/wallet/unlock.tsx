import { Field, Form } from '../shell/form.tsx';
import { unlock } from '../state/wallet.ts';

/** Unlocks an encrypted wallet. It stays open until it is locked or the node stops. */
export function Unlock() {
  return (
    <section class="panel narrow" aria-labelledby="unlock-heading">
      <h3 id="unlock-heading">Your wallet is locked</h3>
      <Form action="Unlock" onSubmit={async ({ password }) => unlock(password!)}>
        <Field label="Password" name="password" secret autocomplete="current-password" />
      </Form>
      <p class="muted small">
        Forgot the password? Move the wallet file away and restore the wallet from its 24 words.
      </p>
    </section>
  );
}
