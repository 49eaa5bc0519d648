import { useSignal } from '@preact/signals';
import { Field, Form } from '../shell/form.tsx';
import { createWallet } from '../state/wallet.ts';

const MIN_PASSWORD = 8;

/** Creates a wallet, or restores one from its backup words. */
export function Setup() {
  const restoring = useSignal(false);
  return (
    <section class="panel narrow" aria-labelledby="setup-heading">
      <h3 id="setup-heading">{restoring.value ? 'Restore a wallet' : 'Create a wallet'}</h3>
      <p class="muted">
        {restoring.value
          ? 'Enter the 24 words of your backup. Nothing else is needed.'
          : 'It is stored only on this computer, encrypted with a password. You will get 24 words to write down: anyone who has them can spend the money.'}
      </p>
      {restoring.value ? <Restore /> : <Create />}
      <button type="button" class="quiet" onClick={() => (restoring.value = !restoring.value)}>
        {restoring.value ? 'Create a new wallet instead' : 'I have backup words'}
      </button>
    </section>
  );
}

function Create() {
  return (
    <Form action="Create wallet" onSubmit={async (fields) => createWallet({ password: newPassword(fields) })}>
      <Passwords />
    </Form>
  );
}

function Restore() {
  return (
    <Form
      action="Restore wallet"
      draft="restore-height"
      onSubmit={async (fields) =>
        createWallet({
          password: newPassword(fields),
          words: fields.words!,
          restoreHeight: heightOf(fields.height ?? ''),
        })
      }
    >
      <div class="labelled">
        <label for="words">The 24 words</label>
        <textarea
          id="words"
          name="words"
          data-secret
          rows={4}
          required
          spellcheck={false}
          autocomplete="off"
        />
      </div>
      <Field
        label="Scan from block"
        name="height"
        required={false}
        inputMode="numeric"
        placeholder="0"
        hint="Earlier blocks are skipped. 0 finds everything."
      />
      <Passwords />
    </Form>
  );
}

function Passwords() {
  return (
    <>
      <Field
        label="New password"
        name="password"
        secret
        autocomplete="new-password"
        minLength={MIN_PASSWORD}
        hint={`At least ${MIN_PASSWORD} characters. It encrypts the wallet file on this computer.`}
      />
      <Field label="Repeat password" name="again" secret autocomplete="new-password" />
    </>
  );
}

function newPassword({ password, again }: Record<string, string>): string {
  if (password !== again) throw new Error('The two passwords differ. Enter the same one twice.');
  return password!;
}

function heightOf(text: string): number {
  if (!/^\d{0,12}$/.test(text.trim()))
    throw new Error('The block to scan from must be a whole number, such as 0.');
  return Number(text);
}
