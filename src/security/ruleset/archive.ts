import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, toHex, writeFileAtomic } from '#base';
import { openRuleset, type Ruleset } from './ruleset.ts';

/** Every ruleset that this node has used, by id: for explaining old reports and finding what has changed since. */
export class RulesetArchive {
  readonly #folder: string;

  constructor(home: string) {
    this.#folder = join(home, 'security', 'rulesets');
  }

  /** `file`: the signed file. */
  async keep({ id }: Ruleset, file: Uint8Array): Promise<void> {
    await writeFileAtomic(this.#pathOf(id), file);
  }

  /** The signed file; undefined if it is missing. */
  async file(id: Uint8Array): Promise<Uint8Array | undefined> {
    const file = await readFile(this.#pathOf(id)).catch(() => undefined);
    return file && new Uint8Array(file);
  }

  /**
   * Opens an archived ruleset, whoever signed it: the signer was trusted when it was stored. Undefined if missing or
   * damaged.
   */
  async find(id: Uint8Array): Promise<Ruleset | undefined> {
    const file = await this.file(id);
    try {
      const ruleset = file && openRuleset(file, [file.slice(0, 32)]);
      return ruleset && equalBytes(ruleset.id, id) ? ruleset : undefined;
    } catch {
      return undefined;
    }
  }

  #pathOf(id: Uint8Array): string {
    return join(this.#folder, `${toHex(id)}.signed`);
  }
}
