export type * from './application.ts';
export { type Moment, secondsEach } from './block-time.ts';
export { ACCEPTED, errorOf, isOffence, type Refused, refusedFor } from './codes.ts';
export {
  type ConsensusParameters,
  checkGenesis,
  faucetAddress,
  type Genesis,
  genesisHash,
  networkOf,
  type Timeouts,
  withChainId,
} from './genesis.ts';
export { formatGenesis, MAX_GENESIS_BYTES, parseGenesis } from './genesis-text.ts';
export {
  LedgerApplication,
  type LedgerApplicationDependencies,
  type LedgerApplicationOptions,
} from './ledger-application.ts';
export {
  DEFAULT_CONSENSUS,
  DEFAULT_TIMEOUTS,
  type Founder,
  type GenesisPlan,
  makeGenesis,
} from './make-genesis.ts';
export {
  firstValidators,
  type OpenApplicationOptions,
  type OpenedApplication,
  openApplication,
} from './open-application.ts';
export { powerOf } from './power.ts';
export { verifyAccount } from './queries/account-proof.ts';
export { type ApplicationPort, applicationChain, ask } from './queries/application-chain.ts';
export * from './queries/questions.ts';
export { verifyRoots } from './queries/roots.ts';
export { MAX_CHUNK_BYTES } from './snapshots/chunks.ts';
export type { Staging } from './snapshots/restoration.ts';
export { SnapshotFolder, type SnapshotFolderOptions } from './snapshots/snapshot-folder.ts';
export { type SpendVerifier, verifierHere } from './verification/spend-verifier.ts';
export { type VerifierOptions, VerifierThreads } from './verification/verifier-threads.ts';
