import { useSignal } from '@preact/signals';
import { createWallet } from '../state/wallet.ts';
import { Field, Form } from './form.tsx';

const LEAST_PASSWORD = 8;

/** No wallet yet: a new one, or an old one from its words. */
export function Setup() {
  const restoring = useSignal(false);
  return (
    <section class="panel narrow" aria-labelledby="setup-heading">
      <h3 id="setup-heading">{restoring.value ? 'Restore a wallet' : 'Make a wallet'}</h3>
      <p class="muted">
        {restoring.value
          ? 'Enter the 24 words of your backup. They and the ledger are all that is needed.'
          : 'It is kept on this machine only, encrypted with a password. You will get 24 words to write down: they are the money.'}
      </p>
      {restoring.value ? <Restore /> : <Create />}
      <button type="button" class="quiet" onClick={() => (restoring.value = !restoring.value)}>
        {restoring.value ? 'Make a new wallet instead' : 'I have the words of a wallet'}
      </button>
    </section>
  );
}

function Create() {
  return (
    <Form
      action="Make the wallet"
      onSubmit={async (fields) => createWallet({ password: newPassword(fields) })}
    >
      <Passwords />
    </Form>
  );
}

function Restore() {
  return (
    <Form
      action="Restore the wallet"
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
        <textarea id="words" name="words" rows={4} required spellcheck={false} autocomplete="off" />
      </div>
      <Field
        label="Look from block"
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
        minLength={LEAST_PASSWORD}
        hint={`At least ${LEAST_PASSWORD} characters. It protects the file on this machine.`}
      />
      <Field label="The password again" name="again" secret autocomplete="new-password" />
    </>
  );
}

function newPassword({ password, again }: Record<string, string>): string {
  if (password !== again) throw new Error('The two passwords differ: type the same one twice.');
  return password!;
}

function heightOf(text: string): number {
  if (!/^\d{0,12}$/.test(text.trim())) throw new Error('The block to look from is a whole number, like 0.');
  return Number(text);
}
