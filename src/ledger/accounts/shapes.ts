import type { Address } from '#crypto';
import { byteOf, type Codec, type Decoded, fixed, struct } from '../codec/index.ts';
import { KEY_BYTES, VIEW_TAG_BYTES } from '../constants.ts';

export const key = fixed(KEY_BYTES);

const addressFields = struct({ spendKey: key, viewKey: key, subaddress: byteOf(0, 1) });

/** An address for the protocol to pay to again and again; who is paid how much is public. */
export const addressCodec: Codec<Address> = {
  write: (out, { spendKey, viewKey, subaddress }) =>
    addressFields.write(out, { spendKey, viewKey, subaddress: subaddress ? 1 : 0 }),
  read(input) {
    const { spendKey, viewKey, subaddress } = addressFields.read(input);
    return { spendKey, viewKey, subaddress: subaddress === 1 };
  },
};

/** An output that its receiver has derived in advance, for one payment back: nobody learns the address. */
export const oneTimeCodec = struct({
  /** P/8. */
  key,
  /** R/8. */
  txKey: key,
  viewTag: fixed(VIEW_TAG_BYTES),
});

export type OneTime = Decoded<typeof oneTimeCodec>;
