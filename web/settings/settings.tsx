import { settings } from '../state/settings.ts';
import { Health } from './health.tsx';
import { Limits } from './limits.tsx';
import { Roles } from './roles.tsx';

/** What your computer does in the network, what it gives at most, and how it is doing. */
export function SettingsPage() {
  const view = settings.value;
  return (
    <div class="single">
      <h2>Settings</h2>
      {view && (
        <>
          <Roles view={view} />
          <Limits view={view} />
        </>
      )}
      <Health />
      <p>
        <a href="#/setup/network">Go through the setup step by step</a>
      </p>
    </div>
  );
}
