import { useSignal } from '@preact/signals';
import { CheckIcon, CopyIcon } from './icons.tsx';

/** Copies `text` and briefly shows whether the browser allowed it. */
export function CopyButton({
  text,
  label,
  iconOnly = false,
}: {
  text: string;
  label: string;
  iconOnly?: boolean;
}) {
  const outcome = useSignal<'copied' | 'refused' | undefined>(undefined);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      outcome.value = 'copied';
    } catch {
      outcome.value = 'refused';
    }
    setTimeout(() => {
      outcome.value = undefined;
    }, 2000);
  };
  const words = { copied: 'Copied', refused: 'The browser does not allow copying' };
  return (
    <button
      type="button"
      class={iconOnly ? 'quiet icon-only' : 'quiet'}
      title={iconOnly ? label : undefined}
      onClick={() => void copy()}
    >
      {outcome.value === 'copied' ? <CheckIcon /> : <CopyIcon />}
      <span class={iconOnly ? 'visually-hidden' : undefined} aria-live="polite">
        {outcome.value ? words[outcome.value] : label}
      </span>
    </button>
  );
}
