export { BlockSync } from './block-sync.ts';
export { SyncClient } from './client.ts';
export { MAX_SNAPSHOTS, SNAPSHOT_LAG, SYNC_PROTOCOL } from './constants.ts';
export { answerCodec, blockAnswerCodec, type LightBlock, requestCodec } from './messages.ts';
export { QuestionServer } from './question-server.ts';
export { Questions } from './questions.ts';
export { serveSync } from './server.ts';
