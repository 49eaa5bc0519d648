import { readFile, stat } from 'node:fs/promises';
import { codeOf, equalBytes } from '#base';
import { RulesetArchive } from './archive.ts';
import { builtInFile, builtInRuleset, RULESET_AUTHORITIES } from './built-in.ts';
import { rulesetPath } from './installed.ts';
import { MAX_RULESET_FILE_BYTES, openRuleset, type Ruleset } from './ruleset.ts';

/** The rules that a node goes by: those that came with the program, or a newer edition that was installed since. */
export class WatchedRuleset {
  /** Public keys whose rulesets count here. */
  readonly trusted: readonly Uint8Array[];
  /** The editions before. */
  readonly archive: RulesetArchive;
  readonly #path: string;
  #current: Ruleset;
  #seenMs = 0;

  private constructor(home: string, trusted: readonly Uint8Array[], builtIn: Ruleset) {
    this.#path = rulesetPath(home);
    this.trusted = trusted;
    this.archive = new RulesetArchive(home);
    this.#current = builtIn;
  }

  /** `trusted`: Ed25519 public keys beside the program's own. Throws like refresh(). */
  static async open(home: string, trusted: readonly Uint8Array[] = []): Promise<WatchedRuleset> {
    const rules = new WatchedRuleset(home, [...RULESET_AUTHORITIES, ...trusted], await builtInRuleset());
    await rules.archive.keep(rules.current, await builtInFile());
    await rules.refresh();
    return rules;
  }

  get current(): Ruleset {
    return this.#current;
  }

  /** A ruleset that this node goes or went by, as it was signed. */
  async file(id: Uint8Array): Promise<Uint8Array | undefined> {
    return equalBytes(id, (await builtInRuleset()).id) ? builtInFile() : this.archive.file(id);
  }

  /**
   * Looks for a newer edition; true when there is one. Throws RULESET_INVALID and its kin once for a file that cannot
   * be trusted: the rules stay as they are.
   */
  async refresh(): Promise<boolean> {
    const changedMs = await stat(this.#path).then(
      ({ mtimeMs, size }) => (size <= MAX_RULESET_FILE_BYTES ? mtimeMs : 0),
      ignoreMissing,
    );
    if (changedMs === this.#seenMs) return false;
    this.#seenMs = changedMs;
    if (changedMs === 0) return false;
    const file = new Uint8Array(await readFile(this.#path));
    const found = openRuleset(file, this.trusted);
    if (found.version <= this.#current.version) return false;
    await this.archive.keep(found, file);
    this.#current = found;
    return true;
  }
}

const ignoreMissing = (error: unknown): number => {
  if (codeOf(error) === 'ENOENT') return 0;
  throw error;
};
