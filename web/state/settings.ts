import { effect, signal } from '@preact/signals';
import type { SettingsChange, SettingsChanged, SettingsView } from '../../src/node/api/node-api.ts';
import { call } from '../api/call.ts';
import { connection, expectRestart } from './live.ts';

/** Roles and limits of the node; undefined until it has told them. */
export const settings = signal<SettingsView | undefined>(undefined);

/** Fetched anew after every reconnect: the node may have been started with others. */
effect(() => {
  if (connection.value !== 'live') return;
  void call<SettingsView>('/api/settings').then(
    (told) => (settings.value = told),
    () => undefined,
  );
});

/** Changes roles or limits. With other roles the node starts again. Throws ApiError. */
export async function changeSettings(change: SettingsChange): Promise<void> {
  const changed = await call<SettingsChanged>('/api/settings', change, 'PATCH');
  settings.value = changed.settings;
  if (changed.restarts) expectRestart();
}
