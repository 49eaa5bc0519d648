import { useSignal } from '@preact/signals';
import type { TargetedSubmitEvent } from 'preact';
import { openSession, session, signIn } from '../state/session.ts';
import { Flame } from './icons.tsx';

/** Shown to a browser without a session. */
export function SignIn() {
  return (
    <main class="sign-in">
      <Flame />
      <h1>Bitorch</h1>
      {session.value === 'unreachable' ? <Unreachable /> : <TokenForm />}
    </main>
  );
}

function Unreachable() {
  return (
    <>
      <p>Your node does not answer. Start it in the terminal, then try again:</p>
      <pre>npm start</pre>
      <button type="button" class="primary" onClick={() => void openSession()}>
        Try again
      </button>
    </>
  );
}

function TokenForm() {
  const problem = useSignal<string | undefined>(undefined);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token')).trim();
    try {
      problem.value = await signIn(token);
    } catch {
      problem.value = 'Your node does not answer. Is it still running?';
    }
  };
  return (
    <>
      <p>
        This page controls the node on your computer, and this browser has not signed in yet. Open the link
        that the node printed in the terminal, or paste its token here.
      </p>
      <form onSubmit={(event) => void submit(event)}>
        <label for="token">API token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          aria-describedby={problem.value ? 'token-problem' : undefined}
          aria-invalid={problem.value !== undefined}
        />
        {problem.value && (
          <p id="token-problem" class="problem" role="alert">
            {problem.value}
          </p>
        )}
        <button type="submit" class="primary">
          Open
        </button>
      </form>
    </>
  );
}
