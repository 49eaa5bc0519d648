/** A third-party scanner beside the built-in one. Its result is reported, but is not part of the canonical report. */
export interface Engine {
  readonly name: string;
  /**
   * Scans the files. Never rejects for a failure of the engine or its absence: that is its result. Rejects when
   * aborted.
   */
  check(files: readonly EngineFile[], signal: AbortSignal): Promise<EngineResult>;
}

export interface EngineFile {
  /** Path inside the model. */
  readonly path: string;
  /** Path on disk. */
  readonly location: string;
}

export interface EngineResult {
  readonly engine: string;
  /**
   * `clean`: it read every file and found nothing. `found`: it found something. `partial`: it found nothing in the
   * files that it could read. `missing`: it is not installed or not running. `failed`: it broke.
   */
  readonly state: 'clean' | 'found' | 'partial' | 'missing' | 'failed';
  /** Its version and signatures; empty if unknown. */
  readonly version: string;
  /** One sentence: what was not read, or what is missing and how to install it. */
  readonly note: string;
  readonly hits: readonly { readonly path: string; readonly name: string }[];
}

export const MAX_HITS = 32;
const MAX_TEXT = 200;

/** Makes another program's output fit for display: printable ASCII, one line, short. */
export const plain = (text: string): string =>
  text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, MAX_TEXT);
