/**
 * How text is cut before byte-pair merging, by the names that GGUF gives (`tokenizer.ggml.pre`; the patterns are
 * those of llama.cpp's `llama-vocab.cpp` and of the models' own tokenizer.json).
 */
import { BitorchError } from '#base';
import type { Part } from './definition.ts';

export const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)";
const CONTRACTIONS = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const AFTER_NUMBERS = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const llama3 = (digits: string) =>
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}${digits}|${AFTER_NUMBERS}`;
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const TEKKEN =
  `[^\\r\\n\\p{L}\\p{N}]?${UPPER}*${LOWER}+|[^\\r\\n\\p{L}\\p{N}]?${UPPER}+${LOWER}*` +
  '|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

interface PreTokenizer {
  names: string[];
  /** Applied one after the other, each to the pieces that the one before left. */
  patterns: string[];
  /** Whether a piece that is a token as a whole is taken without merging. */
  ignoreMerges?: boolean;
  addsBos?: boolean;
}

const PRE_TOKENIZERS: PreTokenizer[] = [
  {
    names: ['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'],
    patterns: ['\\p{N}', GPT2],
  },
  {
    names: [
      'gpt-2',
      'phi-2',
      'olmo',
      'mpt',
      'exaone4',
      'gigachat',
      'jais',
      'trillion',
      'granite-docling',
      'mellum',
    ],
    patterns: [GPT2],
  },
  { names: ['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'], patterns: [llama3('{1,3}')] },
  {
    names: ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2'],
    patterns: [llama3('{1,3}')],
    ignoreMerges: true,
    addsBos: true,
  },
  {
    names: ['qwen2', 'stablelm2', 'deepseek-r1-qwen', 'megrez', 'kormo', 'hunyuan', 'solar-open', 'grok-2'],
    patterns: [llama3('')],
  },
  { names: ['tekken'], patterns: [TEKKEN], ignoreMerges: true, addsBos: true },
  { names: ['default'], patterns: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'] },
];

/** Throws TOKENIZER_UNSUPPORTED for a name that is not in the table. */
export function preTokenizerOf(name: string): PreTokenizer {
  const found = PRE_TOKENIZERS.find((known) => known.names.includes(name));
  if (found) return found;
  const names = PRE_TOKENIZERS.flatMap((known) => known.names).join(', ');
  throw new BitorchError(
    'TOKENIZER_UNSUPPORTED',
    `the GGUF's pre-tokenizer "${name}" is not one of ${names}: use the model's safetensors folder instead`,
  );
}

export const splitPart = (pattern: string): Part => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});

/** The patterns as tokenizer.json writes them, followed by the mapping of bytes to letters. */
export function preTokenizerPart(patterns: readonly string[], addPrefixSpace: boolean): Part {
  const splits = patterns.map(splitPart);
  const bytes = {
    type: 'ByteLevel',
    add_prefix_space: addPrefixSpace,
    trim_offsets: false,
    use_regex: false,
  };
  return { type: 'Sequence', pretokenizers: [...splits, bytes] };
}
