import { signal } from '@preact/signals';

/** Chat and network stand side by side where there is room; the others are pages of their own. */
export const VIEWS = ['chat', 'network', 'security', 'chain', 'wallet'] as const;
export type View = (typeof VIEWS)[number];

const viewOf = (hash: string): View => VIEWS.find((name) => hash === `#/${name}`) ?? 'chat';

/** What is shown; it lives in the address, so that Back works. */
export const view = signal<View>(viewOf(location.hash));

addEventListener('hashchange', () => {
  view.value = viewOf(location.hash);
  scrollTo(0, 0);
});
