import { BitorchError, codeOf, pause } from '#base';
import type {
  BackupWords,
  NetworkView,
  SettingsChange,
  SettingsChanged,
  SettingsView,
  SetupView,
  WalletView,
} from '#node';
import { askNode, type NodeFlags } from '../chain/api.ts';
import type { SetupPlace } from './place.ts';

const LOOK_MS = 250;
/** For a node to start again: it may have a model to load. */
const RESTART_MS = 120_000;
/** What a request fails with while the node is between its end and its start. */
const AWAY = ['NODE_MISSING', 'NODE_UNPROVEN', 'ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET'];

/** The setup of the running node of a data directory, over its API. */
export function runningNodePlace(flags: NodeFlags): SetupPlace {
  const view = () => askNode<SetupView>(flags, '/api/setup');
  const patch = <T>(path: string, body: unknown) => askNode<T>(flags, path, { method: 'PATCH', body });
  const isJoined = async () => (await view()).hasNetwork;
  return {
    view,
    change: async (change) => void (await patch('/api/setup', change)),
    measure: async () => void (await askNode(flags, '/api/setup/measurement', { method: 'POST' })),
    async join(invite, { acceptRisks = false } = {}) {
      await askNode(flags, '/api/network/join', { body: { invite, acceptRisks } });
      await until(isJoined);
    },
    async joinTestNetwork() {
      await askNode(flags, '/api/setup/test-network', { method: 'POST' });
      await until(isJoined);
    },
    async changeSettings(change: SettingsChange) {
      const { restarts, settings } = await patch<SettingsChanged>('/api/settings', change);
      if (!restarts) return;
      const wanted = settings.roles.toSorted().join();
      await until(async () => {
        const { roles } = await askNode<SettingsView>(flags, '/api/settings');
        return roles.toSorted().join() === wanted;
      });
    },
    node: {
      wallet: () => askNode<WalletView>(flags, '/api/wallet'),
      createWallet: (body) => askNode<BackupWords>(flags, '/api/wallet', { body }),
      async words(password) {
        await askNode(flags, '/api/wallet/unlock', { body: { password } });
        return askNode<BackupWords>(flags, '/api/wallet/words', { body: { password } });
      },
      checkWords: async (body) =>
        (await askNode<{ correct: boolean }>(flags, '/api/wallet/check-words', { body })).correct,
      reach: async () => (await askNode<NetworkView>(flags, '/api/network')).reach,
    },
  };
}

/** Resolves when the node, which may be away for a moment, is as it shall be. Throws NODE_MISSING when it does not come back. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + RESTART_MS;
  for (;;) {
    const so = await isSo().catch((error: unknown) => {
      if (!AWAY.includes(codeOf(error))) throw error;
      return false;
    });
    if (so) return;
    if (performance.now() > end)
      throw new BitorchError(
        'NODE_MISSING',
        'the node has not come back: look at its terminal, then run "bitorch setup" again',
      );
    await pause(LOOK_MS);
  }
}
