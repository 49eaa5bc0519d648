/** The small tokenizers of test/vectors/hf, one of each kind. */
import { readFileSync } from 'node:fs';
import { loadTokenizer, type Tokenizer } from '#execution';
import { type GgufMetadata, parseJson } from '#formats';

const FIXTURES = new URL('../vectors/hf/', import.meta.url);

export interface TokenizerFixture {
  oracle: string;
  special: boolean;
  folder?: string;
  pre?: string;
  metadata?: Record<string, string | number | string[] | number[]>;
  cases: [string, number[]][];
}

export const tokenizerFixtures = (): Record<string, TokenizerFixture> =>
  JSON.parse(readFileSync(new URL('tokenizers.json', FIXTURES), 'utf8'));

export function folderTokenizer(folder: string): Tokenizer {
  const read = (name: string) => parseJson(readFileSync(new URL(`${folder}/${name}`, FIXTURES)), name);
  return loadTokenizer({
    kind: 'tokenizer.json',
    files: {
      'tokenizer.json': read('tokenizer.json'),
      'tokenizer_config.json': read('tokenizer_config.json'),
      'generation_config.json': read('generation_config.json'),
    },
  });
}

export function sentencePieceMetadata(): GgufMetadata {
  return new Map(Object.entries(tokenizerFixtures().sentencepiece!.metadata!));
}

export const sentencePieceTokenizer = (): Tokenizer =>
  loadTokenizer({ kind: 'gguf', metadata: sentencePieceMetadata() });
