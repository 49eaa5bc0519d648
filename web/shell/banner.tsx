import { connection, network, reconnectNow } from '../state/live.ts';

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

/** What keeps the node from its part in the network, and its owner can mend. */
export function Notices() {
  const notices = network.value?.notices ?? [];
  return notices.map(({ code, message }) => (
    <div class="banner" role="alert" key={code}>
      <p>{message}.</p>
    </div>
  ));
}
