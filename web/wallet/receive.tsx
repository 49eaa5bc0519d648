import { CopyButton } from '../shell/copy-button.tsx';
import { addAddress, addresses } from '../state/wallet.ts';
import { Field, Form } from './form.tsx';

/** Addresses to give away: one for each payer, so that two of them cannot find out that they pay the same person. */
export function Receive() {
  return (
    <section class="panel" aria-labelledby="receive-heading">
      <h3 id="receive-heading">Receive</h3>
      <ul class="addresses">
        {addresses.value.map(({ index, address, label }) => (
          <li key={index}>
            <p class="line">
              <strong>{index === 0 ? 'Main address' : label || `Address ${index}`}</strong>
              <CopyButton text={address} label="Copy" />
            </p>
            <code class="wraps">{address}</code>
          </li>
        ))}
      </ul>
      <details>
        <summary class="muted small">One more address</summary>
        <Form action="Make it" quiet onSubmit={async ({ label }) => addAddress(label ?? '')}>
          <Field label="For whom or what" name="label" required={false} hint="Only you see it." />
        </Form>
      </details>
    </section>
  );
}
