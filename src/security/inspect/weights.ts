import { readGguf, readSafetensors } from '#formats';
import { checkMetadata } from './code/metadata.ts';
import type { Inspection } from './inspection.ts';
import { inspectTemplate } from './template/template.ts';
import { GgufVocabulary } from './tokenizer/gguf-vocabulary.ts';

const TEMPLATE_KEY = /^tokenizer\.chat_template(\.|$)/;
/** Vocabularies may hold any text. */
const VOCABULARY_KEY = /^tokenizer\./;

/** Paths: tools that name files or folders after tensors would write elsewhere. */
const LEAVING =
  /(^|[\\/])\.\.([\\/]|$)|^[a-z]:[\\/]|^\/(etc|root|home|usr|bin|tmp|var|opt|dev|proc)\/|\p{Cc}/iu;

/** Inspects a safetensors file: its metadata and the names of its tensors. */
export async function inspectSafetensors(inspection: Inspection): Promise<void> {
  const { source, path } = inspection.file;
  const tensors = await readSafetensors(source, path, (key, value) => {
    checkMetadata(inspection, `__metadata__.${key}`, key, value);
  });
  checkNames(inspection, tensors);
}

/** Inspects a GGUF file: metadata, vocabulary, chat templates and the names of its tensors. */
export async function inspectGguf(inspection: Inspection): Promise<void> {
  const { source, path } = inspection.file;
  const vocabulary = new GgufVocabulary(inspection);
  const { metadata, tensors } = await readGguf(source, path, {
    keep: (key) => {
      checkName(inspection, key);
      return TEMPLATE_KEY.test(key) || GgufVocabulary.wants(key);
    },
    onList: (key, type, length) => vocabulary.list(key, type, length),
    onText: (key, text) => {
      vocabulary.text(key, text);
      if (!VOCABULARY_KEY.test(key))
        checkMetadata(inspection, key, key.slice(key.lastIndexOf('.') + 1), text);
    },
  });
  vocabulary.finish(metadata);
  for (const [key, value] of metadata) {
    if (typeof value === 'string' && TEMPLATE_KEY.test(key)) await inspectTemplate(inspection, value, key);
  }
  checkNames(inspection, tensors);
}

function checkNames(inspection: Inspection, tensors: readonly { name: string }[]): void {
  for (const { name } of tensors) checkName(inspection, name);
}

function checkName(inspection: Inspection, name: string): void {
  if (LEAVING.test(name))
    inspection.report('name-unsafe', name.slice(0, 200), 'a name in the file is a path');
}
