export { ClamAv } from './clamav.ts';
export type { Engine, EngineResult } from './engine.ts';
export { Yara } from './yara.ts';
