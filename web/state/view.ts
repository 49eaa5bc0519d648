import { signal } from '@preact/signals';

/** Chat and network share one page on a wide screen; each of the others is a page. */
const VIEWS = ['chat', 'network', 'security', 'chain', 'wallet'] as const;
export type View = (typeof VIEWS)[number];

const viewOf = (hash: string): View => VIEWS.find((name) => hash === `#/${name}`) ?? 'chat';

/** The current view, kept in the URL fragment so that Back works. */
export const view = signal<View>(viewOf(location.hash));

addEventListener('hashchange', () => {
  view.value = viewOf(location.hash);
  scrollTo(0, 0);
});
