import { useSignal } from '@preact/signals';
import type { BackupWords } from '../../src/node/api/node-api.ts';
import { Field, Form } from '../shell/form.tsx';
import { backup, checkWords, showWords } from '../state/wallet.ts';

/** Shows the backup words, then asks for three of them: only words on paper are a backup. */
export function Backup({ words }: { words: BackupWords }) {
  const asking = useSignal(false);
  return (
    <section class="panel narrow" aria-labelledby="backup-heading">
      <h3 id="backup-heading">{asking.value ? 'Check your backup' : 'Write these words down'}</h3>
      {asking.value ? (
        <Check words={words} onBack={() => (asking.value = false)} />
      ) : (
        <>
          <p class="muted">
            In this order, on paper. Anyone who has them can spend the money; without them it cannot be
            recovered.
          </p>
          <ol class="words">
            {words.words.map((word, i) => (
              <li key={i}>{word}</li>
            ))}
          </ol>
          <p class="buttons">
            <button type="button" class="quiet" onClick={() => (backup.value = undefined)}>
              Later
            </button>
            <button type="button" class="primary" onClick={() => (asking.value = true)}>
              I have written them down
            </button>
          </p>
        </>
      )}
    </section>
  );
}

function Check({ words, onBack }: { words: BackupWords; onBack: () => void }) {
  const check = async (fields: Record<string, string>) => {
    const answers = words.ask.map((position) => ({
      position,
      word: fields[`word-${position}`]!.trim().toLowerCase(),
    }));
    if (!(await checkWords(answers)))
      throw new Error('These are not the right words. Check what you wrote down.');
  };
  return (
    <>
      <Form action="Check" onSubmit={check}>
        {words.ask.map((position) => (
          <Field key={position} label={`Word ${position}`} name={`word-${position}`} />
        ))}
      </Form>
      <button type="button" class="quiet" onClick={onBack}>
        Show the words again
      </button>
    </>
  );
}

/** Reveals the backup words of an open wallet. */
export function BackupPanel() {
  return (
    <details class="panel">
      <summary>
        <h3>Backup</h3>
      </summary>
      <Form action="Show the words" quiet onSubmit={async ({ password }) => showWords(password!)}>
        <Field label="Password" name="password" secret autocomplete="current-password" />
      </Form>
    </details>
  );
}
