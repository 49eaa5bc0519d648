import { computed } from '@preact/signals';
import { busy, turns } from './chat.ts';
import { connection } from './live.ts';
import { threads } from './threads.ts';
import { openId, view } from './view.ts';

const NAMES = {
  chat: 'Chat',
  network: 'Network',
  security: 'Security',
  chain: 'Chain',
  wallet: 'Wallet',
  settings: 'Settings',
  setup: 'Setup',
};

/** The title of the browser's tab: what is going on, where you are, and the product. */
export const documentTitle = computed(() => {
  const going = connection.value === 'lost' ? ['Offline'] : busy.value ? ['Answering…'] : [];
  const open = view.value === 'chat' && turns.value.length > 0;
  const title = open ? threads.value?.find(({ id }) => id === openId.value)?.title : undefined;
  return [...going, title || NAMES[view.value], 'Bitorch'].join(' · ');
});
