/** How a tokenizer cuts a text into the pieces that its model sees (Hugging Face tokenizers, `pre_tokenizers`). */
import type { Part } from './definition.ts';
import { packageCut, packagePattern } from './package-parts.ts';
import { GPT2, splitPart } from './pre-tokenizers.ts';

/** Pieces of one piece; `first`: whether it begins the text. */
export type Cut = (piece: string, first: boolean) => string[];

interface Span {
  text: string;
  matches: boolean;
}

const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
/** Punctuation of Unicode versions that the original does not know. */
const NEWER =
  '\\u{61d}\\u{9fd}\\u{a76}\\u{c77}\\u{c84}\\u{166d}\\u{1b4e}-\\u{1b4f}\\u{1b7d}-\\u{1b7f}' +
  '\\u{2e43}-\\u{2e5d}\\u{10d6e}\\u{10ead}\\u{10ed0}\\u{10f55}-\\u{10f59}\\u{10f86}-\\u{10f89}' +
  '\\u{111c9}\\u{113d4}-\\u{113d5}\\u{113d7}-\\u{113d8}\\u{1144b}-\\u{1144f}\\u{1145a}-\\u{1145b}' +
  '\\u{1145d}\\u{11660}-\\u{1166c}\\u{116b9}\\u{1183b}\\u{11944}-\\u{11946}\\u{119e2}' +
  '\\u{11a3f}-\\u{11a46}\\u{11a9a}-\\u{11a9c}\\u{11a9e}-\\u{11aa2}\\u{11b00}-\\u{11b09}\\u{11be1}' +
  '\\u{11c41}-\\u{11c45}\\u{11c70}-\\u{11c71}\\u{11ef7}-\\u{11ef8}\\u{11f43}-\\u{11f4f}\\u{11fff}' +
  '\\u{12ff1}-\\u{12ff2}\\u{16d6d}-\\u{16d6f}\\u{16e97}-\\u{16e9a}\\u{16fe2}\\u{1e5ff}' +
  '\\u{1e95e}-\\u{1e95f}';
const PUNCTUATION = `(?![${NEWER}])[\\p{P}$+<=>^\`|~]`;

/** One part of a pre-tokenizer as cuts, one after the other; undefined for what is not known to agree with the original. */
export function cutsOf(part: Part): Cut[] | undefined {
  switch (part.type) {
    case 'Split':
      return optional(splitCut(part));
    case 'Punctuation':
      return optional(regexCut(PUNCTUATION, String(part.behavior ?? 'Isolated')));
    case 'Digits':
      return optional(regexCut(part.individual_digits ? '\\p{N}' : '\\p{N}+', 'Isolated'));
    case 'WhitespaceSplit':
      return optional(regexCut('\\p{White_Space}', 'Removed'));
    case 'Whitespace':
      return optional(
        splitCut({ ...splitPart(`[${WORD}]+|[^${WORD}\\s]+`), behavior: 'Removed', invert: true }),
      );
    case 'BertPreTokenizer': {
      const cuts = [regexCut('\\p{White_Space}', 'Removed'), regexCut(PUNCTUATION, 'Isolated')];
      return cuts.filter((cut) => cut !== undefined);
    }
    case 'Metaspace': {
      const mark = packageCut(part);
      const marked: Cut = (piece, first) => mark([piece], { section_index: first ? 0 : 1 });
      if (part.split === false) return [marked];
      const pattern = { String: String(part.replacement ?? '▁') };
      const split = splitCut({ type: 'Split', pattern, behavior: 'MergedWithNext', invert: false });
      return split && [marked, split];
    }
    case 'ByteLevel':
      return byteLevelCuts(part);
    default:
      return undefined;
  }
}

const optional = (cut: Cut | undefined): Cut[] | undefined => cut && [cut];

/** GPT-2's cut is written out: white space is what Unicode calls so, not what JavaScript does. */
function byteLevelCuts(part: Part): Cut[] | undefined {
  const letters = packageCut({ ...part, add_prefix_space: false, use_regex: false });
  const cuts: Cut[] = [];
  if (part.add_prefix_space) cuts.push((piece) => [piece.startsWith(' ') ? piece : ` ${piece}`]);
  if (part.use_regex !== false) {
    const split = splitCut(splitPart(GPT2));
    if (!split) return undefined;
    cuts.push(split);
  }
  return [...cuts, (piece) => letters([piece])];
}

const regexCut = (Regex: string, behavior: string): Cut | undefined =>
  splitCut({ type: 'Split', pattern: { Regex }, behavior, invert: false });

function splitCut(part: Part): Cut | undefined {
  const join = JOINS[String(part.behavior).toLowerCase().replaceAll('_', '')];
  if (!join) return undefined;
  const spanPattern = patternOf(part.pattern as { Regex?: string; String?: string });
  const inverted = part.invert === true;
  return (piece) => join(spansOf(piece, spanPattern, inverted));
}

function patternOf(pattern: { Regex?: string; String?: string }): RegExp {
  const spaced = pattern.Regex?.replace(/\\([\s\S])/g, (whole, letter) =>
    letter === 's' ? '\\p{White_Space}' : letter === 'S' ? '\\P{White_Space}' : whole,
  );
  return packagePattern(spaced === undefined ? { String: pattern.String } : { Regex: spaced });
}

/** The text in turn as what matches and what lies between. */
function spansOf(text: string, pattern: RegExp, inverted: boolean): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (match.index > from) spans.push({ text: text.slice(from, match.index), matches: inverted });
    if (end > match.index) spans.push({ text: match[0], matches: !inverted });
    from = end;
  }
  if (from < text.length) spans.push({ text: text.slice(from), matches: inverted });
  return spans;
}

const JOINS: Record<string, ((spans: Span[]) => string[]) | undefined> = {
  isolated: (spans) => spans.map(({ text }) => text),
  removed: (spans) => spans.filter(({ matches }) => !matches).map(({ text }) => text),
  contiguous: (spans) => joined(spans, (before, span) => before.matches === span.matches),
  mergedwithprevious: (spans) => joined(spans, (before, span) => span.matches && !before.matches),
  mergedwithnext: (spans) => joined(spans, (before, span) => before.matches && !span.matches),
};

function joined(spans: Span[], belongs: (before: Span, span: Span) => boolean): string[] {
  const pieces: string[][] = [];
  for (const [n, span] of spans.entries()) {
    if (n > 0 && belongs(spans[n - 1]!, span)) pieces.at(-1)!.push(span.text);
    else pieces.push([span.text]);
  }
  return pieces.map((piece) => piece.join(''));
}
