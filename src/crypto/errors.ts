import type { ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const CRYPTO_ERRORS = {
  AMOUNT_INVALID: [400, 'an amount cannot be read, or is out of range'],
  CLSAG_WITNESS_INVALID: [500, 'the secrets given to sign a ring do not fit it'],
  KEY_INVALID: [400, 'a key is not one of its kind'],
  PASSWORD_WRONG: [403, 'the password does not open the file'],
  POINT_INVALID: [400, 'bytes are not a point of the curve'],
  PROOF_INVALID: [400, 'a proof does not prove what it claims'],
  RANGE_INVALID: [400, 'a range of amounts or of bytes is out of bounds'],
  SEALED_INVALID: [400, 'a file was not encrypted by this program, or is damaged'],
  SEAL_INVALID: [502, 'sealed bytes of a stream are not those that were sealed'],
  SIGNATURE_INVALID: [400, 'a signature is not that of the one it names'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    crypto: typeof CRYPTO_ERRORS;
  }
}
