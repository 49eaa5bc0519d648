export * from './last-sign.ts';
export { type LogFile, openLogFile } from './record-log.ts';
export { WriteAheadLog } from './write-ahead-log.ts';
