export { LastSign, PROPOSAL } from './last-sign.ts';
export { decodeRecord, encodeRecord, type JournalRecord } from './record.ts';
export { type LogFile, openLogFile } from './record-log.ts';
export { WriteAheadLog } from './write-ahead-log.ts';
