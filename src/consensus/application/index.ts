export type {
  Application,
  BlockRequest,
  CheckTxResult,
  FinalizeBlockResult,
  LastCommit,
  Misbehavior,
  StateSnapshot,
  ValidatorPower,
  WaitingTransactions,
} from './application.ts';
export { type Moment, secondsEach } from './block-time.ts';
export { ACCEPTED, errorOf, isOffence, refusedFor } from './codes.ts';
export { type Genesis, genesisHash, type Timeouts } from './genesis.ts';
export { parseGenesis } from './genesis-text.ts';
export { LedgerApplication } from './ledger-application.ts';
export { firstValidators } from './open-application.ts';
export { type ApplicationPort, applicationChain, ask } from './queries/application-chain.ts';
export { MAX_PROVEN_AT, QUESTIONS, type QuestionPath, type Roots } from './queries/questions.ts';
export { verifyRoots } from './queries/roots.ts';
export { MAX_CHUNK_BYTES } from './snapshots/chunks.ts';
export { SnapshotFolder } from './snapshots/snapshot-folder.ts';
export { verifierHere } from './verification/spend-verifier.ts';
export { VerifierThreads } from './verification/verifier-threads.ts';
