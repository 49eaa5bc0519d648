import type { Address } from '#crypto';
import { byteOf, type Codec, type Decoded, fixed, struct } from '../codec/index.ts';
import { KEY_BYTES, VIEW_TAG_BYTES } from '../constants.ts';

export const key = fixed(KEY_BYTES);

const addressFields = struct({ spendKey: key, viewKey: key, subaddress: byteOf(0, 1) });

/** An address that the protocol pays repeatedly; these payments are public. */
export const addressCodec: Codec<Address> = {
  write: (out, { spendKey, viewKey, subaddress }) =>
    addressFields.write(out, { spendKey, viewKey, subaddress: subaddress ? 1 : 0 }),
  read(input) {
    const { spendKey, viewKey, subaddress } = addressFields.read(input);
    return { spendKey, viewKey, subaddress: subaddress === 1 };
  },
};

/** A one-time output derived in advance by its receiver for a single refund that it signs for, so that the address stays unknown. */
export const oneTimeCodec = struct({
  /** P/8. */
  key,
  /** R/8. */
  txKey: key,
  viewTag: fixed(VIEW_TAG_BYTES),
});

export type OneTime = Decoded<typeof oneTimeCodec>;
