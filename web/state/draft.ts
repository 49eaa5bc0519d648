import { effect, signal } from '@preact/signals';
import { openId } from './view.ts';

const PREFIX = 'bitorch-draft-';
const keyOf = (id: string | undefined): string => `${PREFIX}${id ?? 'new'}`;

/**
 * What is typed and not sent, of each conversation. The browser keeps it until it is sent, also when the tab is closed: a node would have
 * to write the file of the conversation at every pause in typing, and a new conversation has none.
 */
export const draft = signal('');

let shown: string | undefined;

effect(() => {
  shown = openId.value;
  draft.value = localStorage.getItem(keyOf(shown)) ?? '';
});

effect(() => {
  const text = draft.value;
  try {
    if (text) localStorage.setItem(keyOf(shown), text);
    else localStorage.removeItem(keyOf(shown));
  } catch {
    // A full storage must not keep anybody from typing.
  }
});

/** Forgets the drafts of conversations that are not among `ids`; all of them without. */
export function forgetDrafts(ids?: readonly string[]): void {
  const kept = new Set(ids && [undefined, ...ids].map(keyOf));
  for (const key of Object.keys(localStorage))
    if (key.startsWith(PREFIX) && !kept.has(key)) localStorage.removeItem(key);
}
