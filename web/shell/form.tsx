import { useSignal } from '@preact/signals';
import { type ComponentChildren, createContext, type TargetedSubmitEvent } from 'preact';
import { useContext, useId } from 'preact/hooks';

/** What was typed into forms and not used yet, by the name of the form; never a password. */
const drafts = new Map<string, Record<string, string>>();
const Draft = createContext<Readonly<Record<string, string>>>({});

/** Forgets what was typed into a form: it has served its purpose. */
export const clearDraft = (form: string): boolean => drafts.delete(form);

interface FormProps {
  /** Label of the button. */
  action: string;
  /** Receives the fields by name. The message of an error it throws is shown below them. */
  onSubmit: (fields: Record<string, string>) => Promise<void>;
  children: ComponentChildren;
  quiet?: boolean;
  /** Whether there is nothing to submit. */
  disabled?: boolean;
  /** Keeps what is typed under this name, secrets excepted, so that it is there again after a look at another page or step. */
  draft?: string;
}

/** A form that handles one submission at a time and shows why it failed. */
export function Form({ action, onSubmit, children, quiet = false, disabled = false, draft }: FormProps) {
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
  const keep = ({ target }: Event) => {
    if (draft === undefined || !isField(target) || isSecret(target)) return;
    drafts.set(draft, { ...drafts.get(draft), [target.name]: target.value });
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)} onInput={keep}>
      <Draft.Provider value={drafts.get(draft ?? '') ?? {}}>{children}</Draft.Provider>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <button type="submit" class={quiet ? undefined : 'primary'} disabled={busy.value || disabled}>
        {busy.value ? 'Please wait…' : action}
      </button>
    </form>
  );
}

const isField = (
  target: EventTarget | null,
): target is HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement =>
  target instanceof HTMLInputElement ||
  target instanceof HTMLSelectElement ||
  target instanceof HTMLTextAreaElement;

const isSecret = (field: HTMLElement): boolean =>
  (field instanceof HTMLInputElement && field.type === 'password') || field.dataset.secret !== undefined;

/** What was typed into this field before, if the form keeps it. */
export const useDraft = (name: string): string | undefined => useContext(Draft)[name];

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
  /** What is in the field at first. */
  initial?: string;
  /** A time of day. */
  time?: boolean;
  disabled?: boolean;
}

export function Field({
  label,
  hint,
  secret = false,
  required = true,
  time = false,
  initial,
  ...rest
}: FieldProps) {
  const id = useId();
  const defaultValue = useDraft(rest.name) ?? initial;
  const input = {
    id,
    required,
    ...(!secret && defaultValue !== undefined && { defaultValue }),
    spellcheck: false,
    autocomplete: 'off',
    'aria-describedby': hint ? `${id}-hint` : undefined,
    ...rest,
  };
  return (
    <div class="labelled">
      <label for={id}>{label}</label>
      {secret ? (
        <input type="password" {...input} />
      ) : time ? (
        <input type="time" {...input} />
      ) : (
        <input type="text" {...input} />
      )}
      {hint && (
        <span id={`${id}-hint`} class="muted small">
          {hint}
        </span>
      )}
    </div>
  );
}
