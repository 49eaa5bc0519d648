export * from './answering.ts';
export * from './block-sync.ts';
export * from './client.ts';
export * from './constants.ts';
export * from './messages.ts';
export { Questions } from './questions.ts';
export * from './server.ts';
export * from './snapshot-sync.ts';
