import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeCanonical, domainHash, encodeCanonical, equalBytes, toHex, writeFileAtomic } from '#base';
import type { Manifest } from '#distribution';
import { MAX_ATTESTATION_BYTES } from './clearance/constants.ts';
import type { Examination } from './examine.ts';
import { SCANNER_VERSION } from './report.ts';
import type { Ruleset } from './ruleset/ruleset.ts';

/**
 * Results of this node's own examinations, keyed by a hash of everything that was examined: the same torrent under
 * another manifest (another version number or publisher) is not fetched and run again. A different torrent is always
 * fetched, since its manifest proves nothing about its files.
 */
export class ExaminationCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The result by this scanner and ruleset; undefined if there is none or it cannot be read. */
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

  /** Unproven results are not stored: the model is examined again once there is a sandbox. */
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
