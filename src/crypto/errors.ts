import type { ErrorTable } from '#base';

/** Error codes of crypto: HTTP status, meaning, and exit code if it is not 1. */
export const CRYPTO_ERRORS = {
  AMOUNT_INVALID: [400, 'an amount cannot be read, or is out of range'],
  CLSAG_WITNESS_INVALID: [500, 'the secrets for a ring signature do not match the ring'],
  KEY_INVALID: [400, 'a key has the wrong length or form'],
  PASSWORD_WRONG: [403, 'the password does not open the file'],
  POINT_INVALID: [400, 'bytes are not a point of the curve'],
  PROOF_INVALID: [400, 'a proof does not prove what it claims'],
  RANGE_INVALID: [400, 'a range of amounts or of bytes is out of bounds'],
  SEALED_INVALID: [400, 'a file was not encrypted by Bitorch, or is damaged'],
  SEAL_INVALID: [502, 'encrypted bytes of a stream were changed, or were encrypted with another key'],
  SIGNATURE_INVALID: [400, 'a signature is not valid for the key that the message names'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    crypto: typeof CRYPTO_ERRORS;
  }
}
