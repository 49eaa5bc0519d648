import { effect, signal } from '@preact/signals';
import { openId } from './view.ts';

const keyOf = (id: string | undefined): string => `bitorch-draft-${id ?? 'new'}`;

/** What is typed and not sent, of each conversation. It outlives a reload, and ends with the browser's tab. */
export const draft = signal('');

let shown: string | undefined;

effect(() => {
  shown = openId.value;
  draft.value = sessionStorage.getItem(keyOf(shown)) ?? '';
});

effect(() => {
  const text = draft.value;
  if (text) sessionStorage.setItem(keyOf(shown), text);
  else sessionStorage.removeItem(keyOf(shown));
});
