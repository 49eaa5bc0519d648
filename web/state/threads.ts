import { effect, signal } from '@preact/signals';
import type { ThreadSettings, ThreadSummary } from '../../src/node/api/node-api.ts';
import { ApiError } from '../api/call.ts';
import { changeThread, listThreads, removeThread, restoreThread } from '../api/threads.ts';
import { forgetDrafts } from './draft.ts';
import { changedThread, connection } from './live.ts';
import { showToast } from './toast.ts';
import { openId, openThread } from './view.ts';

/** Several changes within this time in ms lead to one request. */
const REFRESH_MS = 150;

/** Newest first; undefined until the node has told them. */
export const threads = signal<readonly ThreadSummary[] | undefined>(undefined);
/** Settings of new conversations. */
export const defaults = signal<ThreadSettings | undefined>(undefined);
/** Why this node keeps no conversations: it does not chat. */
export const chatProblem = signal<string | undefined>(undefined);
/** What the list is searched for. */
export const search = signal('');

let timer: ReturnType<typeof setTimeout> | undefined;
let asked = 0;

/** Fetches the list, again after every change and every reconnect. */
effect(() => {
  changedThread.value;
  search.value;
  if (connection.value !== 'live') return;
  clearTimeout(timer);
  timer = setTimeout(() => void refresh(), threads.peek() ? REFRESH_MS : 0);
});

async function refresh(): Promise<void> {
  const mine = ++asked;
  try {
    const sought = search.peek().trim();
    const found = await listThreads(sought);
    // An older question may be answered later.
    if (mine !== asked) return;
    threads.value = found.threads;
    if (sought === '') forgetDrafts(found.threads.map(({ id }) => id));
    defaults.value = found.defaults;
    chatProblem.value = undefined;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'NOT_A_CLIENT') chatProblem.value = error.message;
  }
}

export async function renameThread(id: string, title: string): Promise<void> {
  await attempt(() => changeThread(id, { title }));
}

/** Deletes a conversation and offers to undo it. */
export async function deleteThread({ id, title }: ThreadSummary): Promise<void> {
  const done = await attempt(() => removeThread(id));
  if (!done) return;
  threads.value = threads.peek()?.filter((thread) => thread.id !== id);
  const wasOpen = openId.peek() === id;
  if (wasOpen) openThread(undefined);
  const undo = async () => {
    const restored = await attempt(() => restoreThread(id));
    if (restored && wasOpen) openThread(id);
  };
  showToast({ text: `Deleted “${title || 'New chat'}”.`, action: { label: 'Undo', run: () => void undo() } });
}

/** Whether it succeeded; if not, the reason is shown. */
async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    showToast({ text: (error as Error).message });
    return false;
  }
}
