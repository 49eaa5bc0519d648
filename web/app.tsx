import { useSignalEffect } from '@preact/signals';
import { ChainPage } from './chain/chain.tsx';
import { Chat } from './chat/chat.tsx';
import { NetworkPage } from './network/network.tsx';
import { SecurityPage } from './security/security.tsx';
import { SettingsPage } from './settings/settings.tsx';
import { Wizard } from './setup/wizard.tsx';
import { ConnectionBanner, Notices } from './shell/banner.tsx';
import { Header } from './shell/header.tsx';
import { SignIn } from './shell/sign-in.tsx';
import { ToastView } from './shell/toast.tsx';
import { watchNode } from './state/live.ts';
import { session } from './state/session.ts';
import { documentTitle } from './state/title.ts';
import { view } from './state/view.ts';
import { WalletPage } from './wallet/wallet.tsx';

/** The signed-in page: the chat, or one of the other pages. */
export function App() {
  if (session.value === 'checking') return <p class="splash">Connecting to your node…</p>;
  if (session.value !== 'open') return <SignIn />;
  return <Shell />;
}

/** The other pages. The chat stays mounted but hidden behind them, so that a draft or an answer is not lost. */
const PAGES = {
  network: NetworkPage,
  security: SecurityPage,
  chain: ChainPage,
  wallet: WalletPage,
  settings: SettingsPage,
  setup: Wizard,
} as const;

function Shell() {
  useSignalEffect(() => watchNode());
  useSignalEffect(() => {
    document.title = documentTitle.value;
  });
  const shown = view.value;
  const Page = shown === 'chat' ? undefined : PAGES[shown];
  return (
    <div class="shell">
      <Header />
      <ConnectionBanner />
      <Notices />
      <main class="chat-pane" aria-label="Chat" hidden={Page !== undefined}>
        <Chat />
      </main>
      {Page && (
        <main class="page" key={shown}>
          <Page />
        </main>
      )}
      <ToastView />
    </div>
  );
}
