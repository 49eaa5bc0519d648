import { chain, wallet } from '../state/chain.ts';
import { connection, network } from '../state/live.ts';
import { signOut } from '../state/session.ts';
import { type View, view } from '../state/view.ts';
import { Flame, LeaveIcon } from './icons.tsx';

const STATUS = { connecting: 'connecting', live: 'online', lost: 'offline' } as const;

/** Product name, the node's name and status, and tabs for the pages that this node has. */
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
      <p class="self" role="status">
        <span class="dot" data-state={connection.value} />
        {name && <strong title="The name of your node">{name}</strong>}
        <span class="muted">{STATUS[connection.value]}</span>
        <button
          type="button"
          class="quiet"
          aria-label="Sign out"
          title="Sign out"
          onClick={() => void signOut()}
        >
          <LeaveIcon />
        </button>
      </p>
    </header>
  );
}

function Tab({ to, label }: { to: View; label: string }) {
  return (
    <a href={`#/${to}`} data-tab={to} aria-current={view.value === to ? 'page' : undefined}>
      {label}
    </a>
  );
}
