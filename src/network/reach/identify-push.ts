import { type IdentifyPushComponents, identifyPush } from '@libp2p/identify';
import type { Connection, StreamHandler } from '@libp2p/interface';
import { withComponent } from './with-component.ts';

/** Pushes that are read of one connection: so many at once, then one in so many milliseconds. */
const BURST = 8;
const ONE_IN_MS = 5_000;

/**
 * Tells connected peers when this node's addresses or protocols change, and hears it of them. Reading one costs the check of a
 * signature, so a peer that pushes on and on is not read.
 */
export const boundedIdentifyPush =
  (now: () => number) =>
  (components: object): unknown => {
    const { registrar } = components as IdentifyPushComponents;
    const buckets = new WeakMap<Connection, { tokens: number; at: number }>();
    const mayPush = (connection: Connection): boolean => {
      const { tokens, at } = buckets.get(connection) ?? { tokens: BURST, at: now() };
      const left = Math.min(BURST, tokens + (now() - at) / ONE_IN_MS);
      buckets.set(connection, { tokens: left >= 1 ? left - 1 : left, at: now() });
      return left >= 1;
    };
    const handle: typeof registrar.handle = (protocol, handler, options) => {
      const bounded: StreamHandler = (stream, connection) =>
        mayPush(connection) ? handler(stream, connection) : stream.abort(new Error('too many updates'));
      return registrar.handle(protocol, bounded, options);
    };
    const bounded = withComponent(registrar, 'handle', handle);
    return identifyPush()(withComponent(components as IdentifyPushComponents, 'registrar', bounded));
  };
