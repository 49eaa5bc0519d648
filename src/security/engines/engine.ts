/** A scanner of somebody else's beside ours. What it says is told, but is not part of the canonical report. */
export interface Engine {
  readonly name: string;
  /** Never throws for what the engine does or lacks: that is its result. */
  check(files: readonly EngineFile[], signal: AbortSignal): Promise<EngineResult>;
}

export interface EngineFile {
  /** Inside the model. */
  readonly path: string;
  /** On disk. */
  readonly location: string;
}

export interface EngineResult {
  readonly engine: string;
  /**
   * `clean` and `found`: it read every file. `partial`: it found nothing in the files that it read. `missing`: it is
   * not installed or not running. `failed`: it broke.
   */
  readonly state: 'clean' | 'found' | 'partial' | 'missing' | 'failed';
  /** Its version and signatures, empty when it did not tell. */
  readonly version: string;
  /** One sentence: what was not read, what is missing and what to do. */
  readonly note: string;
  readonly hits: readonly { readonly path: string; readonly name: string }[];
}

export const MAX_HITS = 32;
const MAX_TEXT = 200;

/** What another program wrote, for people: printable, in one line, short. */
export const plain = (text: string): string =>
  text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, MAX_TEXT);
