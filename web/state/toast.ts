import { signal } from '@preact/signals';

export interface Toast {
  text: string;
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 15_000;

/** A short message at the bottom of the page, which goes by itself. */
export const toast = signal<Toast | undefined>(undefined);

let timer: ReturnType<typeof setTimeout> | undefined;

export function showToast(message: Toast): void {
  clearTimeout(timer);
  toast.value = message;
  timer = setTimeout(hideToast, SHOWN_MS);
}

export function hideToast(): void {
  clearTimeout(timer);
  toast.value = undefined;
}
