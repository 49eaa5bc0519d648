import { useSignal } from '@preact/signals';
import type { ComponentChildren, TargetedSubmitEvent } from 'preact';
import { useId } from 'preact/hooks';

interface FormProps {
  /** Label of the button. */
  action: string;
  /** Receives the fields by name. The message of an error it throws is shown below them. */
  onSubmit: (fields: Record<string, string>) => Promise<void>;
  children: ComponentChildren;
  quiet?: boolean;
}

/** A form that handles one submission at a time and shows why it failed. */
export function Form({ action, onSubmit, children, quiet = false }: FormProps) {
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    busy.value = true;
    problem.value = undefined;
    try {
      await onSubmit(fields);
    } catch (error) {
      problem.value = (error as Error).message;
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      {children}
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <button type="submit" class={quiet ? undefined : 'primary'} disabled={busy.value}>
        {busy.value ? 'Please wait…' : action}
      </button>
    </form>
  );
}

interface FieldProps {
  label: string;
  name: string;
  /** Hides the text while it is typed. */
  secret?: boolean;
  hint?: string;
  placeholder?: string;
  autocomplete?: string;
  inputMode?: 'decimal' | 'numeric';
  required?: boolean;
  minLength?: number;
}

export function Field({ label, hint, secret = false, required = true, ...rest }: FieldProps) {
  const id = useId();
  const input = {
    id,
    required,
    spellcheck: false,
    autocomplete: 'off',
    'aria-describedby': hint ? `${id}-hint` : undefined,
    ...rest,
  };
  return (
    <div class="labelled">
      <label for={id}>{label}</label>
      {secret ? <input type="password" {...input} /> : <input type="text" {...input} />}
      {hint && (
        <span id={`${id}-hint`} class="muted small">
          {hint}
        </span>
      )}
    </div>
  );
}
