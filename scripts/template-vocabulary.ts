/**
 * Finds sentences of published chat templates that src/security/inspect/template/known-sentences.ts lacks:
 * `node scripts/template-vocabulary.ts FOLDER`. Prints their digests, sorted, for KNOWN_SENTENCES.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BitorchError } from '#base';
import { parseTemplate } from '#execution';
import { newDigests } from '../src/security/inspect/template/unusual-text.ts';
import { writtenTexts } from '../src/security/inspect/template/written-texts.ts';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('give a folder of templates: node scripts/template-vocabulary.ts FOLDER');
const digests = new Set<string>();
for (const name of readdirSync(folder)) {
  try {
    const tree = parseTemplate(readFileSync(join(folder, name), 'utf8'));
    for (const { text } of writtenTexts(tree)) for (const digest of newDigests(text)) digests.add(digest);
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
  }
}
process.stdout.write(
  [...digests]
    .sort()
    .map((digest) => `${digest}\n`)
    .join(''),
);
