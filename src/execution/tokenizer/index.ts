import { type GgufMetadata, type Json, parseGgufMetadata, parseJson } from '#formats';
import { invalidTokenizer } from './definition.ts';
import { type TokenizerFiles, tokenizerFromFolder } from './from-folder.ts';
import { tokenizerFromGguf } from './from-gguf.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

export { renderChat, type TemplateMessage } from './chat-template.ts';
export type { Tokenizer } from './tokenizer.ts';

export type TokenizerSource =
  | { kind: 'gguf'; metadata: GgufMetadata }
  | { kind: 'tokenizer.json'; files: TokenizerFiles };

/** Throws TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED or SCHEMA_INVALID. */
export function loadTokenizer(source: TokenizerSource): Tokenizer {
  return createTokenizer(
    source.kind === 'gguf' ? tokenizerFromGguf(source.metadata) : tokenizerFromFolder(source.files),
  );
}

/**
 * The tokenizer of a described model (`ModelDescription.tokenizer` and `headerRanges`), from the bytes of these
 * ranges alone: no weight is read.
 */
export async function openTokenizer(
  tokenizer: { kind: 'gguf' | 'tokenizer.json'; file: string },
  ranges: readonly { file: string; offset: number; length: number }[],
  read: (file: string, offset: number, length: number) => Promise<Uint8Array>,
): Promise<Tokenizer> {
  if (tokenizer.kind === 'gguf') {
    const range = ranges.find(({ file, offset }) => file === tokenizer.file && offset === 0);
    if (!range) throw invalidTokenizer(`the header of ${tokenizer.file} is not among the ranges`);
    const header = await read(range.file, 0, range.length);
    return loadTokenizer({ kind: 'gguf', metadata: parseGgufMetadata(header) });
  }
  const texts: Record<string, Json> = {};
  for (const { file, offset, length } of ranges) {
    if (file.endsWith('.json'))
      texts[file] = parseJson(await read(file, offset, length), file, { pythonNumbers: true });
  }
  const main = texts[tokenizer.file];
  if (main === undefined) throw invalidTokenizer(`${tokenizer.file} is not among the ranges`);
  return loadTokenizer({ kind: 'tokenizer.json', files: { ...texts, 'tokenizer.json': main } });
}
