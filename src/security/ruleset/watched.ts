import { readFile, stat } from 'node:fs/promises';
import { codeOf, equalBytes } from '#base';
import { RulesetArchive } from './archive.ts';
import { builtInFile, builtInRuleset, RULESET_AUTHORITIES } from './built-in.ts';
import { rulesetPath } from './installed.ts';
import { MAX_RULESET_FILE_BYTES, openRuleset, type Ruleset } from './ruleset.ts';

/** The ruleset that a node uses: the built-in one, or a newer one installed since. */
export class WatchedRuleset {
  /** Public keys whose rulesets this node accepts. */
  readonly trusted: readonly Uint8Array[];
  /** Rulesets in use until now. */
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

  /** The signed file of a ruleset that this node uses or has used; undefined if it has none with this id. */
  async file(id: Uint8Array): Promise<Uint8Array | undefined> {
    return equalBytes(id, (await builtInRuleset()).id) ? builtInFile() : this.archive.file(id);
  }

  /**
   * Checks for a newer installed ruleset; returns whether there is one. Throws RULESET_INVALID, SCHEMA_INVALID,
   * CODEC_INVALID or SIGNATURE_INVALID once per file that cannot be trusted; the current ruleset stays in use.
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
