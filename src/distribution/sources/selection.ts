import { BitorchError } from '#base';

const COMPANIONS =
  /^(.+\.json|tokenizer\.model|merges\.txt|vocab\.txt|chat_template\.jinja|(licen[cs]e|readme|notice)(\..{1,8})?)$/i;

/**
 * Selects a model's files from the names in one folder: the safetensors with their JSON and tokenizer files, or the only
 * GGUF file. Throws MODEL_NOT_FOUND, also when there are several GGUF files.
 */
export function selectModelFiles(names: readonly string[], where: string): string[] {
  const sorted = names.toSorted();
  if (sorted.some((name) => name.endsWith('.safetensors'))) {
    return sorted.filter((name) => name.endsWith('.safetensors') || COMPANIONS.test(name));
  }
  const ggufs = sorted.filter((name) => name.endsWith('.gguf'));
  if (ggufs.length > 1) {
    throw new BitorchError(
      'MODEL_NOT_FOUND',
      `${where} has several models, name one of them: ${ggufs.join(', ')}`,
    );
  }
  if (ggufs.length === 0) {
    throw new BitorchError('MODEL_NOT_FOUND', `${where} has neither .safetensors nor .gguf files`);
  }
  return ggufs;
}

/** The licence in the front matter of a model card. */
export function licenceOf(readme: string): string | undefined {
  const [, frontMatter] = /^\ufeff?---\r?\n([\s\S]*?)\r?\n---/.exec(readme) ?? [];
  return frontMatter && /^license:\s*["']?([\w.+-]{1,64})/m.exec(frontMatter)?.[1];
}
