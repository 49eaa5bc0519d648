export { SCOPES } from './api/node.ts';
export type * from './api/node-api.ts';
export { announceApi, provenApi, runningApi } from './home/api-address.ts';
export { ApiTokens } from './home/api-tokens.ts';
export { loadValidatorKey, lockHome } from './home/identity.ts';
export { type ApiAddress, askProven } from './home/proven-request.ts';
export { Node } from './node.ts';
export type { NodeSettings } from './options.ts';
export { ownerKeyOf, validatorKeys } from './stake/owner-key.ts';
