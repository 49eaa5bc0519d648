import { readFile, stat } from 'node:fs/promises';
import { codeOf } from '#base';
import { builtInRuleset, RULESET_AUTHORITIES } from './built-in.ts';
import { rulesetPath } from './installed.ts';
import { MAX_RULESET_BYTES, openRuleset, type Ruleset } from './ruleset.ts';

/** The rules that a node goes by: those that came with the program, or a newer edition that was installed since. */
export class WatchedRuleset {
  readonly #path: string;
  readonly #trusted: readonly Uint8Array[];
  #current: Ruleset;
  #seenMs = 0;

  private constructor(path: string, trusted: readonly Uint8Array[], builtIn: Ruleset) {
    this.#path = path;
    this.#trusted = trusted;
    this.#current = builtIn;
  }

  /** `trusted`: Ed25519 public keys beside the program's own. Throws like refresh(). */
  static async open(home: string, trusted: readonly Uint8Array[] = []): Promise<WatchedRuleset> {
    const rules = new WatchedRuleset(
      rulesetPath(home),
      [...RULESET_AUTHORITIES, ...trusted],
      await builtInRuleset(),
    );
    await rules.refresh();
    return rules;
  }

  get current(): Ruleset {
    return this.#current;
  }

  /**
   * Looks for a newer edition; true when there is one. Throws RULESET_INVALID and its kin once for a file that cannot
   * be trusted: the rules stay as they are.
   */
  async refresh(): Promise<boolean> {
    const changedMs = await stat(this.#path).then(
      ({ mtimeMs, size }) => (size <= MAX_RULESET_BYTES ? mtimeMs : 0),
      ignoreMissing,
    );
    if (changedMs === this.#seenMs) return false;
    this.#seenMs = changedMs;
    if (changedMs === 0) return false;
    const found = openRuleset(new Uint8Array(await readFile(this.#path)), this.#trusted);
    if (found.version <= this.#current.version) return false;
    this.#current = found;
    return true;
  }
}

const ignoreMissing = (error: unknown): number => {
  if (codeOf(error) === 'ENOENT') return 0;
  throw error;
};
