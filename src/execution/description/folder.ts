import { BitorchError, check, z } from '#base';
import {
  checkShard,
  decodeText,
  invalidFile as invalid,
  type Json,
  type ModelFile,
  parseJson,
  parseSafetensors,
  parseShardIndex,
  type TensorInfo,
  unsupportedFile as unsupported,
} from '#formats';
import { familyNamed } from '../families/index.ts';
import type { ModelDescription } from './model-description.ts';

const INDEX = 'model.safetensors.index.json';
const WHOLE = 'model.safetensors';
const TEMPLATE = 'chat_template.jinja';
const MAX_INDEX = 32 << 20;
const MAX_README = 1 << 16;
/** Files besides the weights that a client reads, with their maximum sizes in bytes. */
const SMALL_FILES: Readonly<Record<string, number>> = {
  'config.json': 1 << 20,
  'generation_config.json': 1 << 20,
  'tokenizer_config.json': 8 << 20,
  'tokenizer.json': 64 << 20,
  [TEMPLATE]: 1 << 18,
};

const templateSchema = z.object({
  chat_template: z
    .union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])
    .nullish(),
});

/** Describes a folder in the layout of the Hugging Face Hub: safetensors, config.json, tokenizer.json. Throws like describeModel(). */
export async function describeFolder(files: readonly ModelFile[]): Promise<ModelDescription> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  if (!byPath.has('config.json') || !(byPath.has(WHOLE) || byPath.has(INDEX))) {
    throw new BitorchError(
      'MODEL_NOT_FOUND',
      `no model found: pass a .gguf file, or a folder with config.json and ${WHOLE}`,
    );
  }
  if (!byPath.has('tokenizer.json')) {
    throw unsupported(
      'tokenizer.json is missing: save the tokenizer with a current version of transformers, or use GGUF',
    );
  }
  const small = Object.keys(SMALL_FILES).flatMap((path) => byPath.get(path) ?? []);
  const licence = await licenceOf(byPath.get('README.md'));
  return {
    architecture: architectureOf(await readJson(byPath.get('config.json')!)),
    tensors: await tensorsOf(byPath),
    tokenizer: { kind: 'tokenizer.json', file: 'tokenizer.json' },
    chatTemplate: await chatTemplateOf(byPath),
    ...(licence !== undefined && { licence }),
    headerRanges: small.map(({ path, source }) => ({ file: path, offset: 0, length: source.size })),
  };
}

const familySchema = z.object({ model_type: z.string().nullish() });

function architectureOf(config: Json) {
  const { model_type } = check(familySchema, config, 'config.json');
  return familyNamed(model_type, 'config.json').fromConfig(config, 'config.json');
}

async function tensorsOf(files: ReadonlyMap<string, ModelFile>): Promise<TensorInfo[]> {
  const whole = files.get(WHOLE);
  if (whole) return parseSafetensors(whole.source, WHOLE);
  const tensors: TensorInfo[] = [];
  for (const [file, promised] of parseShardIndex(await readSmall(files.get(INDEX)!), INDEX)) {
    const shard = files.get(file);
    if (!shard) throw invalid(`the shard ${file} that ${INDEX} names is missing`);
    const found = await parseSafetensors(shard.source, file);
    checkShard(file, found, promised);
    tensors.push(...found);
  }
  return tensors;
}

async function chatTemplateOf(files: ReadonlyMap<string, ModelFile>): Promise<string | null> {
  const jinja = files.get(TEMPLATE);
  if (jinja) return decodeText(await readSmall(jinja), TEMPLATE);
  const config = files.get('tokenizer_config.json');
  if (!config) return null;
  const { chat_template } = check(templateSchema, await readJson(config), config.path);
  if (!Array.isArray(chat_template)) return chat_template ?? null;
  return chat_template.find((named) => named.name === 'default')?.template ?? null;
}

/** The licence in the front matter of the model card. */
async function licenceOf(card: ModelFile | undefined): Promise<string | undefined> {
  if (!card) return undefined;
  const start = new TextDecoder().decode(await card.source.read(0, Math.min(card.source.size, MAX_README)));
  const front = /^---\r?\n(.*?)\r?\n---/s.exec(start)?.[1];
  return front && /^license:\s*["']?([\w.-]{1,64})["']?\s*$/m.exec(front)?.[1];
}

/** Python writes infinite numbers as Infinity; configuration files use them for "no limit". */
async function readJson(file: ModelFile): Promise<Json> {
  return parseJson(await readSmall(file), file.path, { pythonNumbers: true });
}

async function readSmall({ path, source }: ModelFile): Promise<Uint8Array> {
  const limit = SMALL_FILES[path] ?? MAX_INDEX;
  if (source.size > limit) throw invalid(`${path} has ${source.size} bytes, over the limit of ${limit}`);
  return source.read(0, source.size);
}
