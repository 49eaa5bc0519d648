import { unlock } from '../state/wallet.ts';
import { Field, Form } from './form.tsx';

/** The wallet is there, encrypted; the password opens it until the node stops or you lock it. */
export function Unlock() {
  return (
    <section class="panel narrow" aria-labelledby="unlock-heading">
      <h3 id="unlock-heading">Your wallet is locked</h3>
      <Form action="Unlock" onSubmit={async ({ password }) => unlock(password!)}>
        <Field label="Password" name="password" secret autocomplete="current-password" />
      </Form>
      <p class="muted small">
        Forgotten? The 24 words open the wallet anew: move its file away and restore from them.
      </p>
    </section>
  );
}
