import { dirname } from 'node:path/posix';
import type { Inspection } from '../inspection.ts';
import { baseName } from '../name/kind-of-name.ts';
import { isControlWord, isSameToken } from './ordinary-words.ts';
import type { TokenClaim } from './token-claim.ts';
import { textsById } from './vocabulary.ts';

/** Files with a vocabulary by id. Loaders use the first that is there. */
const VOCABULARIES = ['tokenizer.json', 'vocab.json', 'tokenizer.model', 'spiece.model', 'vocab.txt'];

/**
 * Compares the control tokens that the files of each folder name by id with the vocabulary beside them. An ordinary
 * word as control token is refused; ids that merely disagree are a note.
 */
export async function checkTokenClaims(inspections: readonly Inspection[]): Promise<void> {
  const folders = Map.groupBy(inspections, ({ file }) => dirname(file.path));
  for (const folder of folders.values()) {
    const claiming = folder.filter(({ tokenClaims }) => tokenClaims.length > 0);
    if (claiming.length === 0) continue;
    const vocabulary = VOCABULARIES.map((name) =>
      folder.find(({ file }) => baseName(file.path) === name),
    ).find((found) => found !== undefined);
    if (!vocabulary) continue;
    const wanted = new Set(claiming.flatMap(({ tokenClaims }) => tokenClaims.map(({ id }) => id)));
    const texts = await textsById(vocabulary.file, wanted);
    for (const inspection of claiming) {
      for (const claim of inspection.tokenClaims) check(inspection, claim, texts.get(claim.id));
    }
  }
}

function check(
  inspection: Inspection,
  { id, token, place }: TokenClaim,
  texts: readonly string[] = [],
): void {
  const [text] = texts;
  if (text === undefined || (token !== undefined && isSameToken(text, token))) return;
  const isWord =
    isControlWord(text, inspection.ruleset) ||
    (token !== undefined && isControlWord(token, inspection.ruleset));
  const named = token === undefined ? 'a control token' : shown(token);
  if (isWord)
    inspection.report(
      'tokenizer-added-token',
      place,
      `the id ${id}, ${named} here, is ${shown(text)} in the vocabulary`,
    );
  else if (token !== undefined)
    inspection.report(
      'tokenizer-added-token',
      place,
      `the id ${id}, ${named} here, is ${shown(text)} in the vocabulary`,
      'low',
    );
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));
