export { ClamAv, type ClamAvOptions } from './clamav.ts';
export type { Engine, EngineFile, EngineResult } from './engine.ts';
export { Yara, type YaraOptions } from './yara.ts';
