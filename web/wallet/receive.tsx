import { CopyButton } from '../shell/copy-button.tsx';
import { Field, Form } from '../shell/form.tsx';
import { addAddress, addresses } from '../state/wallet.ts';

/** Addresses to share. One for each payer, so that two payers cannot tell that they pay the same person. */
export function Receive() {
  return (
    <section class="panel" aria-labelledby="receive-heading">
      <h3 id="receive-heading">Receive</h3>
      <ul class="addresses">
        {addresses.value.map(({ index, address, label }) => (
          <li key={index}>
            <p class="line">
              <strong dir="auto">{index === 0 ? 'Main address' : label || `Address ${index}`}</strong>
              <CopyButton text={address} label="Copy" />
            </p>
            <code class="wraps">{address}</code>
          </li>
        ))}
      </ul>
      <details>
        <summary class="muted small">New address</summary>
        <Form action="Create" quiet onSubmit={async ({ label }) => addAddress(label ?? '')}>
          <Field
            label="Label"
            name="label"
            required={false}
            hint="For example, who will pay to it. Only you see this."
          />
        </Form>
      </details>
    </section>
  );
}
