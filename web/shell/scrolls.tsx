import type { ComponentChildren } from 'preact';

/** Content wider than a phone; it scrolls on its own, by touch and by keyboard. */
export function Scrolls({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable by keyboard (WCAG 2.1.1)
    <section class="scrolls" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
