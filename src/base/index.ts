export { Admission, type Place } from './admission.ts';
export { Backoff, backoffMs } from './backoff.ts';
export { Broadcast } from './broadcast.ts';
export {
  bytesOf,
  concat,
  domainHash,
  equalBytes,
  fromHex,
  fromUtf8,
  readU32,
  sha256,
  toHex,
  totalLength,
  utf8,
  writeParts,
  writeU32,
} from './bytes.ts';
export type { DecodeLimits } from './cbor-cost.ts';
export { cleanFields, cleanLines, cleanPiece, cleanText } from './clean-text.ts';
export { type Clock, SYSTEM_CLOCK } from './clock.ts';
export { Coalescer } from './coalesce.ts';
export { decodeCanonical, encodeCanonical } from './codec.ts';
export { codeCacheDirectory, dataDirectory } from './data-directory.ts';
export { dropOldest } from './drop-oldest.ts';
export { type ReplaceFile, replaceFile, syncFolder } from './durable.ts';
export { BASE_ERRORS, BitorchError, codeOf, type ErrorCode, type ErrorTable, messageOf } from './errors.ts';
export { writeFileAtomic } from './files.ts';
export { parseJson } from './json.ts';
export { Lifecycle } from './lifecycle.ts';
export { tryLockFile } from './lock-file.ts';
export { createLog, LOG_LEVELS, type Logger } from './log.ts';
export { LoopMonitor } from './loop-monitor.ts';
export { Mutex } from './mutex.ts';
export { nearest } from './nearest.ts';
export {
  acceptedValues,
  defaultOf,
  flagOf,
  listOf,
  type Option,
  type OptionGroup,
  type Options,
  type OptionValues,
  optionsSchema,
  readOptions,
  variableOf,
} from './option.ts';
export { LOOP_PACE, Pace } from './pace.ts';
export { pause } from './pause.ts';
export type { OnProgress, Progress } from './progress.ts';
export { readBounded } from './read-bounded.ts';
export { check, describeProblem, parse, z, zBytes, zBytesUpTo, zCount } from './schema.ts';
export { shuffled } from './shuffled.ts';
export { finish, finishInTurns, type Steps } from './steps.ts';
export { readTextFile, textOf } from './text-file.ts';
export { threadCpuMs } from './thread-clock.ts';
export { bracketed, unbracketed } from './url-host.ts';
export { Wakeup } from './wakeup.ts';
