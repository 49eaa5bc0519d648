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
export type * from './api.ts';
export { type ApiAddress, announceApi, provenApi, runningApi } from './api-address.ts';
export { ApiTokens, SCOPES, type Scope, type TokenView } from './api-tokens.ts';
export { blameFork, type ForkVerdict } from './chain/blame-fork.ts';
export { type DevnetChainOptions, prepareDevnetChain } from './chain/devnet-chain.ts';
export { validatorKeys } from './chain/owner-key.ts';
export { lockHome } from './identity.ts';
export { Node, type NodeDependencies } from './node.ts';
export type { NodeOptions, NodeSettings } from './options.ts';
export * from './wallet/index.ts';
