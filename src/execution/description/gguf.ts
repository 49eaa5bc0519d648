import { type GgufMetadata, type ModelFile, parseGguf, unsupportedFile } from '#formats';
import { familyNamed } from '../families/index.ts';
import type { ModelDescription } from './model-description.ts';

/** Describes a model that is a single GGUF file. Throws like describeModel(). */
export async function describeGguf({ path, source }: ModelFile): Promise<ModelDescription> {
  const { metadata, tensors, headerBytes } = await parseGguf(source, path);
  if (Number(metadata.get('split.count') ?? 1) > 1) {
    throw unsupportedFile(
      `${path} is one part of a split model: join the parts with llama-gguf-split --merge`,
    );
  }
  const family = familyNamed(metadata.get('general.architecture'), path);
  const architecture = await family.fromGguf({ metadata, tensors }, (t) => source.read(t.offset, t.bytes));
  return {
    architecture,
    tensors,
    tokenizer: { kind: 'gguf', file: path },
    chatTemplate: text(metadata, 'tokenizer.chat_template') ?? null,
    ...optional('name', text(metadata, 'general.name')),
    ...optional('licence', text(metadata, 'general.license')),
    headerRanges: [{ file: path, offset: 0, length: headerBytes }],
  };
}

function text(metadata: GgufMetadata, key: string): string | undefined {
  const value = metadata.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}
