export {
  AbciServer,
  type Founder,
  faucetAddress,
  formatGenesis,
  type Genesis,
  type GenesisPlan,
  genesisHash,
  makeGenesis,
  networkOf,
  openApplication,
  parseGenesis,
  readValidatorKey,
} from '#consensus';
export { defaultCurve } from '#crypto';
export { countWords, formatAddress, parseAddress, wordsOf } from '#ledger';
export type * from './api/node-api.ts';
export { announceApi, provenApi, runningApi } from './home/api-address.ts';
export { ApiTokens, SCOPES, type Scope, type TokenView } from './home/api-tokens.ts';
export { loadValidatorKey, lockHome } from './home/identity.ts';
export { type ApiAddress, askProven } from './home/proven-request.ts';
export { Node, type NodeDependencies } from './node.ts';
export type { NodeOptions, NodeSettings } from './options.ts';
export { ownerKeyOf, validatorKeys } from './stake/owner-key.ts';
export * from './wallet/index.ts';
