import { signal } from '@preact/signals';

/** The pages; the chat is the first one. */
const VIEWS = ['chat', 'network', 'security', 'chain', 'wallet', 'settings', 'setup'] as const;
export type View = (typeof VIEWS)[number];

/** `#/wallet`, or `#/chat/ID` with the id of a conversation. */
const partsOf = (hash: string): string[] => hash.replace(/^#\//, '').split('/');
const viewOf = (hash: string): View => VIEWS.find((name) => name === partsOf(hash)[0]) ?? 'chat';
const threadOf = (hash: string): string | undefined =>
  viewOf(hash) === 'chat' ? partsOf(hash)[1] || undefined : undefined;

/** The current view, kept in the URL fragment so that Back works. */
export const view = signal<View>(viewOf(location.hash));
/** The id of the open conversation; undefined for a new one. */
export const openId = signal<string | undefined>(threadOf(location.hash));

/** The second part of the address, such as the step of `#/setup/roles`. */
export const part = signal(partsOf(location.hash)[1]);

export const addressOf = (id: string | undefined): string => (id === undefined ? '#/chat' : `#/chat/${id}`);

/** Opens a conversation. `replace`: it takes the place of the new one that it grew from. */
export function openThread(id: string | undefined, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', addressOf(id));
  view.value = 'chat';
  openId.value = id;
}

addEventListener('hashchange', follow);
addEventListener('popstate', follow);

function follow(): void {
  const shown = viewOf(location.hash);
  if (shown !== view.peek()) scrollTo(0, 0);
  view.value = shown;
  part.value = partsOf(location.hash)[1];
  if (shown === 'chat') openId.value = threadOf(location.hash);
}
