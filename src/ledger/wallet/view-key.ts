import { BitorchError, messageOf } from '#base';
import { type Curve, isPrimeOrderPoint } from '#crypto';
import { key } from '../accounts/shapes.ts';
import { type Decoded, decode, encode, fixed, integer, struct } from '../codec/index.ts';
import { NETWORK_BYTES } from '../constants.ts';
import { decodeBech32m, encodeBech32m } from './bech32m.ts';

const viewKeyCodec = struct({
  network: fixed(NETWORK_BYTES),
  viewSecret: key,
  spendKey: key,
  restoreHeight: integer(),
});

/** The keys of a view-only wallet. Anybody who has them can see all incoming payments, past and future. */
export type ViewKey = Decoded<typeof viewKeyCodec>;

const PREFIX = 'torchview';

/** The text form of a view key: `torchview1…`. */
export const formatViewKey = (viewKey: ViewKey): string =>
  encodeBech32m(PREFIX, encode(viewKeyCodec, viewKey));

/** Throws VIEW_KEY_INVALID when the text is not a view key. */
export function parseViewKey(text: string, curve: Curve): ViewKey {
  const refuse = (why: string): never => {
    throw new BitorchError('VIEW_KEY_INVALID', `not a view key: ${why}`);
  };
  const bytes = decodeBech32m(text.trim(), PREFIX, 'view key');
  let viewKey: ViewKey;
  try {
    viewKey = decode(viewKeyCodec, bytes);
  } catch (error) {
    return refuse(messageOf(error));
  }
  if (!curve.scalars.isCanonical(viewKey.viewSecret)) refuse('its secret is not a number below l');
  if (!isPrimeOrderPoint(viewKey.spendKey, curve)) refuse('its spend key is not a point of prime order');
  return viewKey;
}
