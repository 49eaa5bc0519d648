import { connection, network, reconnectNow } from '../state/live.ts';

/** Warns that the page may be out of date, and offers to reconnect. */
export function ConnectionBanner() {
  if (connection.value !== 'lost') return null;
  return (
    <div class="banner" role="alert">
      <p>
        <strong>The connection to your node is lost.</strong> What you see may be out of date. Reconnecting…
      </p>
      <button type="button" onClick={reconnectNow}>
        Reconnect now
      </button>
    </div>
  );
}

/** Problems of the node that its owner can fix. */
export function Notices() {
  const notices = network.value?.notices ?? [];
  return notices.map(({ code, message }) => (
    <div class="banner" role="alert" key={code}>
      <p>{message}.</p>
    </div>
  ));
}
