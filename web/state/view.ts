import { signal } from '@preact/signals';

export type View = 'chat' | 'network';

const viewOf = (hash: string): View => (hash === '#/network' ? 'network' : 'chat');

/** Which pane a narrow screen shows; it lives in the address, so that Back works. */
export const view = signal<View>(viewOf(location.hash));

addEventListener('hashchange', () => {
  view.value = viewOf(location.hash);
  scrollTo(0, 0);
});
