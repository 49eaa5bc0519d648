import type { ComponentChildren } from 'preact';
import { CopyButton } from './copy-button.tsx';

/** What to do where there is nothing to show yet. */
export function Empty({ children, command }: { children: ComponentChildren; command?: string }) {
  return (
    <div class="empty">
      <p class="muted">{children}</p>
      {command && (
        <p class="command">
          <code>{command}</code>
          <CopyButton text={command} label="Copy" />
        </p>
      )}
    </div>
  );
}
