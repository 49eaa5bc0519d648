import { useSignal } from '@preact/signals';
import { sentence } from '../format.ts';
import { connection, network, reconnectNow, restarting } from '../state/live.ts';
import { CrossIcon } from './icons.tsx';

/** Warns that the page may be out of date, and offers to reconnect. */
export function ConnectionBanner() {
  if (connection.value !== 'lost') return null;
  if (restarting.value) {
    return (
      <div class="banner banner-restart" role="status">
        <p>Your node is starting again. This takes a few seconds.</p>
      </div>
    );
  }
  return (
    <div class="banner banner-lost" role="alert">
      <p>
        <strong>The connection to your node is lost.</strong> What you see may be out of date. Reconnecting…
      </p>
      <button type="button" onClick={reconnectNow}>
        Reconnect now
      </button>
    </div>
  );
}

/** Problems of the node that its owner can fix. One that was hidden returns when it occurs anew. */
export function Notices() {
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const notices = (network.value?.notices ?? []).map((notice) => ({
    ...notice,
    key: `${notice.code} ${notice.since}`,
  }));
  const shown = notices
    .filter(({ key }) => !hidden.value.has(key))
    .map(({ key, message }) => (
      <div class="banner banner-notice" role="alert" key={key}>
        <p dir="auto">{sentence(message)}</p>
        <button
          type="button"
          class="quiet"
          aria-label="Hide this notice"
          title="Hide"
          onClick={() => (hidden.value = new Set(hidden.value).add(key))}
        >
          <CrossIcon />
        </button>
      </div>
    ));
  return <div>{shown}</div>;
}
