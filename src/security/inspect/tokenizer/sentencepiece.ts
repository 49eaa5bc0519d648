import { readSentencePiece } from '#formats';
import type { Inspection } from '../inspection.ts';
import { charsmapProblem } from './charsmap.ts';
import { isControlWord } from './ordinary-words.ts';

/** Types of pieces that are no part of ordinary text (sentencepiece_model.proto). */
const NOT_TEXT: Readonly<Record<number, string>> = {
  2: 'the unknown piece',
  3: 'a control token',
  5: 'unused',
  6: 'a byte',
};
/** Maximum bytes of a compiled normalizer; published ones have 250 kB. */
const MAX_CHARSMAP = 1 << 24;

/** Inspects a SentencePiece model: the types of its pieces, its control pieces, its compiled normalizers. */
export async function inspectSentencePiece(inspection: Inspection): Promise<void> {
  const { source } = inspection.file;
  const find = (place: string, what: string) => inspection.report('tokenizer-added-token', place, what);
  const { charsmaps, named } = await readSentencePiece(source, ({ piece, type }) => {
    if (type in NOT_TEXT && isControlWord(piece, inspection.ruleset))
      find('', `the ordinary text ${JSON.stringify(piece.slice(0, 60))} is ${NOT_TEXT[type]}`);
  });
  for (const [field, text] of named) {
    const isWord = field === 'unk_surface' ? /\p{L}/u.test(text) : isControlWord(text, inspection.ruleset);
    if (isWord) find(`trainer_spec.${field}`, `it is the ordinary text ${JSON.stringify(text.slice(0, 60))}`);
  }
  for (const { offset, length } of charsmaps) {
    const problem =
      length > MAX_CHARSMAP ? `it has ${length} bytes` : charsmapProblem(await source.read(offset, length));
    if (problem) find('', `the compiled normalizer: ${problem}`);
  }
}
