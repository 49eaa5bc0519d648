export { AbciServer } from './abci/server.ts';
export { readValidatorKey } from './abci/validator-key.ts';
export type { Application } from './application/application.ts';
export {
  checkGenesis,
  faucetAddress,
  type Genesis,
  genesisHash,
  networkOf,
  withChainId,
} from './application/genesis.ts';
export { formatGenesis, parseGenesis } from './application/genesis-text.ts';
export { LedgerApplication } from './application/ledger-application.ts';
export { type Founder, type GenesisPlan, makeGenesis } from './application/make-genesis.ts';
export { firstValidators, openApplication } from './application/open-application.ts';
export { type ApplicationPort, applicationChain, ask } from './application/queries/application-chain.ts';
export { presentIn } from './blocks/commit.ts';
export { verifyAll } from './blocks/signatures.ts';
export { Chain } from './chain.ts';
export type { NewBlock } from './chain-options.ts';
export { type BlockSummary, ChainStore } from './chain-store.ts';
export { TRUSTING_PERIOD_MS } from './constants.ts';
export { blameFork, type ForkVerdict } from './evidence/blame-fork.ts';
export { answerGenesis, fetchGenesis } from './genesis-exchange.ts';
export { readGenesis } from './genesis-file.ts';
export { LightFollower, type LightFollowerOptions } from './light/light-follower.ts';
export { parseCheckpoint } from './light/trust.ts';
