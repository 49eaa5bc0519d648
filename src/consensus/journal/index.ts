export { type ReplaceFile, replaceFile } from '#base';
export * from './last-sign.ts';
export * from './record.ts';
export { type LogFile, openLogFile } from './record-log.ts';
export { WriteAheadLog } from './write-ahead-log.ts';
