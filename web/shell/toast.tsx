import { hideToast, toast } from '../state/toast.ts';
import { CrossIcon } from './icons.tsx';

/** A short message at the bottom of the page, maybe with a way back. */
export function ToastView() {
  const shown = toast.value;
  return (
    <div class="toasts" role="status">
      {shown && (
        <p class="toast">
          <span dir="auto">{shown.text}</span>
          {shown.action && (
            <button
              type="button"
              onClick={() => {
                hideToast();
                shown.action!.run();
              }}
            >
              {shown.action.label}
            </button>
          )}
          <button type="button" class="quiet icon-only" aria-label="Close this message" onClick={hideToast}>
            <CrossIcon />
          </button>
        </p>
      )}
    </div>
  );
}
