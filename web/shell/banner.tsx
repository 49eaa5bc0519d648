import { connection, reconnectNow } from '../state/live.ts';

/** Says that what is shown is old, and does something about it. */
export function ConnectionBanner() {
  if (connection.value !== 'lost') return null;
  return (
    <div class="banner" role="alert">
      <p>
        <strong>The connection to your node is lost.</strong> What you see may be out of date; trying again…
      </p>
      <button type="button" onClick={reconnectNow}>
        Reconnect now
      </button>
    </div>
  );
}
