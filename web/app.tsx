import { useSignalEffect } from '@preact/signals';
import { Chat } from './chat/chat.tsx';
import { NetworkPanel } from './network/network.tsx';
import { ConnectionBanner } from './shell/banner.tsx';
import { Header } from './shell/header.tsx';
import { SignIn } from './shell/sign-in.tsx';
import { watchNode } from './state/live.ts';
import { session } from './state/session.ts';
import { view } from './state/view.ts';

/** The page: a chat beside the network that answers it; one at a time where there is no room for both. */
export function App() {
  if (session.value === 'checking') return <p class="splash">Connecting to your node…</p>;
  if (session.value !== 'open') return <SignIn />;
  return <Shell />;
}

function Shell() {
  useSignalEffect(() => watchNode());
  return (
    <div class="shell" data-view={view.value}>
      <Header />
      <ConnectionBanner />
      <main class="chat-pane" aria-label="Chat">
        <Chat />
      </main>
      <aside class="network-pane" aria-label="Network">
        <NetworkPanel />
      </aside>
    </div>
  );
}
