import { signal } from '@preact/signals';
import { draft, forgetDrafts } from './draft.ts';

/** `unreachable`: the node itself does not answer. */
export type SessionState = 'checking' | 'open' | 'closed' | 'unreachable';

export const session = signal<SessionState>('checking');

/** Opens a session with the token in the link that the terminal printed, or with the cookie of an earlier visit. */
export async function openSession(): Promise<void> {
  const token = tokenInAddress();
  try {
    if (token !== undefined && (await signIn(token).finally(clearAddress)) === undefined) return;
    session.value = (await hasSession()) ? 'open' : 'closed';
  } catch {
    session.value = 'unreachable';
  }
}

/** Exchanges the token for a session cookie. Returns the reason when the node refuses; throws when it is unreachable. */
export async function signIn(token: string): Promise<string | undefined> {
  const response = await fetch('/api/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (!response.ok) return 'This is not the token of this node. Copy it again from the terminal.';
  session.value = 'open';
  return undefined;
}

/** Ends the session of this browser; what was typed and not sent goes with it. */
export async function signOut(): Promise<void> {
  const response = await fetch('/api/session', { method: 'DELETE' }).catch(() => undefined);
  if (response?.ok) {
    draft.value = '';
    forgetDrafts();
  }
  session.value = response?.ok ? 'closed' : 'unreachable';
}

/** Whether this browser's cookie still opens the node. Throws when the node is unreachable. */
export async function hasSession(): Promise<boolean> {
  const response = await fetch('/api/session');
  const { authenticated } = (await response.json()) as { authenticated: boolean };
  return authenticated;
}

function tokenInAddress(): string | undefined {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  return token === undefined ? undefined : decodeURIComponent(token);
}

/**
 * Removes the token from the address bar, where onlookers, screenshots and the history could read it. Not before it was
 * exchanged: until then a reload needs it.
 */
const clearAddress = (): void => history.replaceState(null, '', location.pathname);
