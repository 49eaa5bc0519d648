import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeCanonical, domainHash, encodeCanonical, equalBytes, toHex, writeFileAtomic } from '#base';
import type { Manifest } from '#distribution';
import { MAX_ATTESTATION_BYTES } from './clearance/constants.ts';
import type { Examination } from './examine.ts';
import { SCANNER_VERSION } from './report.ts';
import type { Ruleset } from './ruleset/ruleset.ts';

/**
 * What this node itself has found, by the hash of all that was examined: the same torrent under another manifest (a new
 * version's number, another publisher) is not fetched and run again. Of another torrent nothing is known before its files are
 * here, whatever its manifest says of them.
 */
export class ExaminationCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What was found by this scanner and these rules; undefined when nothing was, or it cannot be read. */
  async find(manifest: Manifest, ruleset: Ruleset): Promise<Examination | undefined> {
    try {
      const bytes = new Uint8Array(await readFile(this.#pathOf(manifest)));
      const found = decodeCanonical(bytes, MAX_ATTESTATION_BYTES) as Examination;
      return found.scanner === SCANNER_VERSION && equalBytes(found.ruleset.id, ruleset.id)
        ? found
        : undefined;
    } catch {
      return undefined;
    }
  }

  /** What was not proven is not kept: it is examined again when there is a sandbox. */
  async keep(manifest: Manifest, examination: Examination): Promise<void> {
    if (examination.verdict === 'unproven') return;
    await writeFileAtomic(this.#pathOf(manifest), encodeCanonical(examination));
  }

  #pathOf(manifest: Manifest): string {
    const { files, infohash, pieceLength, architecture, blocks, boundary, tokenizer, chatTemplate } =
      manifest;
    const content = { files, infohash, pieceLength };
    const examined = encodeCanonical({ ...content, architecture, blocks, boundary, tokenizer, chatTemplate });
    return join(this.#folder, `${toHex(domainHash('security-examined', examined))}.cbor`);
  }
}
