import { useEffect, useRef } from 'preact/hooks';
import { chain, wallet } from '../state/chain.ts';
import { connection, network } from '../state/live.ts';
import { signOut } from '../state/session.ts';
import { addressOf, openId, type View, view } from '../state/view.ts';
import { Flame, LeaveIcon, SettingsIcon } from './icons.tsx';

const STATUS = { connecting: 'connecting', live: 'online', lost: 'offline' } as const;

/** Product name, tabs for the pages that this node has, and its status. */
export function Header() {
  const name = network.value?.self.name;
  return (
    <header class="header">
      <h1 class="brand">
        <Flame />
        <span>Bitorch</span>
      </h1>
      <nav class="tabs" aria-label="Pages">
        <Tab to="chat" label="Chat" />
        <Tab to="network" label="Network" />
        <Tab to="security" label="Security" />
        {chain.value && <Tab to="chain" label="Chain" />}
        {wallet.value && <Tab to="wallet" label="Wallet" />}
      </nav>
      <div class="self">
        <p role="status">
          <span class="dot" data-state={connection.value} />
          <span class="muted" title={name && `Your computer is called ${name} on the network`}>
            {STATUS[connection.value]}
          </span>
        </p>
        <a
          class="icon-link"
          href="#/settings"
          aria-label="Settings"
          title="Settings"
          aria-current={view.value === 'settings' ? 'page' : undefined}
        >
          <SettingsIcon />
        </a>
        <button
          type="button"
          class="quiet"
          aria-label="Sign out"
          title="Sign out"
          onClick={() => void signOut()}
        >
          <LeaveIcon />
        </button>
      </div>
    </header>
  );
}

/** On a narrow screen the row of tabs scrolls; the current one is always in sight. */
function Tab({ to, label }: { to: View; label: string }) {
  const link = useRef<HTMLAnchorElement>(null);
  const current = view.value === to;
  useEffect(() => {
    if (!current) return;
    const show = () => link.current?.scrollIntoView({ block: 'nearest', inline: 'center' });
    show();
    addEventListener('resize', show);
    return () => removeEventListener('resize', show);
  }, [current]);
  return (
    <a
      ref={link}
      href={to === 'chat' ? addressOf(openId.value) : `#/${to}`}
      aria-current={current ? 'page' : undefined}
    >
      {label}
    </a>
  );
}
