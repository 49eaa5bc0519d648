import { Health } from './health.tsx';

/** What your computer does in the network, and how it is doing. */
export function SettingsPage() {
  return (
    <div class="single">
      <h2>Settings</h2>
      <Health />
    </div>
  );
}
