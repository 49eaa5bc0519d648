import { BASE_ERRORS, type ErrorTable } from '#base';
import { CONSENSUS_ERRORS } from '#consensus/errors';
import { CRYPTO_ERRORS } from '#crypto/errors';
import { DISTRIBUTION_ERRORS } from '#distribution/errors';
import { EXECUTION_ERRORS } from '#execution/errors';
import { FORMATS_ERRORS } from '#formats/errors';
import { LEDGER_ERRORS } from '#ledger/errors';
import { NETWORK_ERRORS } from '#network/errors';
import { SECURITY_ERRORS } from '#security/errors';
import { STORE_ERRORS } from '#store/errors';
import { VERIFICATION_ERRORS } from '#verification/errors';
import { NODE_ERRORS } from './errors.ts';

/** All codes that a node or the systems below it may throw. */
export const NODE_ERROR_TABLE: ErrorTable = {
  ...BASE_ERRORS,
  ...CRYPTO_ERRORS,
  ...STORE_ERRORS,
  ...FORMATS_ERRORS,
  ...NETWORK_ERRORS,
  ...LEDGER_ERRORS,
  ...DISTRIBUTION_ERRORS,
  ...EXECUTION_ERRORS,
  ...SECURITY_ERRORS,
  ...VERIFICATION_ERRORS,
  ...CONSENSUS_ERRORS,
  ...NODE_ERRORS,
};
