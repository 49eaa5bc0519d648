import type { Broadcast } from '#base';
import type { NetworkView, NodeEvent, SecurityView } from './node-api.ts';

const VIEW_INTERVAL_MS = 500;

/** Publishes views while anyone is subscribed: the network on every tick, security when it has changed. Returns a stop function. */
export function sendViews(
  events: Broadcast<NodeEvent>,
  views: { readonly network: () => NetworkView; readonly security: () => SecurityView },
): () => void {
  let sent = '';
  const timer = setInterval(() => {
    if (!events.watched) {
      sent = '';
      return;
    }
    events.publish({ type: 'network', network: views.network() });
    const security = views.security();
    const text = JSON.stringify(security);
    if (text !== sent) events.publish({ type: 'security', security });
    sent = text;
  }, VIEW_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}
