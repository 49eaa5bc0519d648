import { useSignalEffect } from '@preact/signals';
import { ChainPage } from './chain/chain.tsx';
import { Chat } from './chat/chat.tsx';
import { NetworkPanel } from './network/network.tsx';
import { SecurityPage } from './security/security.tsx';
import { ConnectionBanner, Notices } from './shell/banner.tsx';
import { Header } from './shell/header.tsx';
import { SignIn } from './shell/sign-in.tsx';
import { watchNode } from './state/live.ts';
import { session } from './state/session.ts';
import { view } from './state/view.ts';
import { WalletPage } from './wallet/wallet.tsx';

/** The signed-in page: chat and network side by side, one at a time on a narrow screen, or one of the other pages. */
export function App() {
  if (session.value === 'checking') return <p class="splash">Connecting to your node…</p>;
  if (session.value !== 'open') return <SignIn />;
  return <Shell />;
}

/** The other views. Chat and network stay mounted but hidden behind them, so that a draft or an answer is not lost. */
const PAGES = { security: SecurityPage, chain: ChainPage, wallet: WalletPage } as const;

function Shell() {
  useSignalEffect(() => watchNode());
  const shown = view.value;
  const Page = shown === 'chat' || shown === 'network' ? undefined : PAGES[shown];
  return (
    <div class="shell" data-view={shown}>
      <Header />
      <ConnectionBanner />
      <Notices />
      <main class="chat-pane" aria-label="Chat" hidden={Page !== undefined}>
        <Chat />
      </main>
      <aside class="network-pane" aria-label="Network" hidden={Page !== undefined}>
        <NetworkPanel />
      </aside>
      {Page && (
        <main class="page">
          <Page />
        </main>
      )}
    </div>
  );
}
