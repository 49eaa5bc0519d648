import type { Json } from '#formats';
import type { Inspection } from './inspection.ts';
import { baseName } from './names.ts';
import { inspectTemplate } from './template.ts';

/** Libraries whose classes diffusers' model_index.json may name without code of its own. */
const DIFFUSERS_LIBRARIES = new Set([
  'diffusers',
  'transformers',
  'stable_diffusion',
  'onnxruntime',
  'onnx',
  'optimum',
  'flax',
  'paddlenlp',
  'ppdiffusers',
  'k_diffusion',
]);
/** Sizes beyond those of any model: building it would exhaust memory. */
const DIMENSIONS: Readonly<Record<string, number>> = {
  hidden_size: 1 << 20,
  intermediate_size: 1 << 22,
  num_hidden_layers: 1 << 14,
  num_attention_heads: 1 << 16,
  vocab_size: 1 << 26,
  n_embd: 1 << 20,
  n_layer: 1 << 14,
  d_model: 1 << 20,
};
/** Keys whose numbers some rule looks at; the id is that of an added token. */
export const JUDGED_NUMBERS: ReadonlySet<string> = new Set([...Object.keys(DIMENSIONS), 'id']);
const MAX_TEMPLATES = 32;
/** Some tools name the file of the template where others have the template. */
const TEMPLATE_FILE = /^[\w-][\w.-]*(\/[\w-][\w.-]*){0,4}\.(jinja2?|j2)$/;
const CODE_KEYS = new Set(['auto_map', 'custom_pipelines', 'custom_pipeline']);

/** Configuration of whatever library: code that it asks for, sizes that no model has, chat templates. */
export async function inspectConfig(inspection: Inspection, root: Json): Promise<void> {
  const templates: [string, string][] = [];
  visit(root, '', (key, value, place) => {
    judgeEntry(inspection, key, value, place);
    if (key === 'chat_template' || key === 'chat_templates') templates.push(...templatesIn(value, place));
  });
  judgeByName(inspection, root);
  if (templates.length > MAX_TEMPLATES) {
    inspection.find('resource-bomb', '', `${templates.length} chat templates`);
  }
  for (const [template, place] of templates.slice(0, MAX_TEMPLATES))
    await inspectTemplate(inspection, template, place);
}

function judgeEntry(inspection: Inspection, key: string, value: Json, place: string): void {
  if (CODE_KEYS.has(key) && !isEmpty(value)) {
    inspection.find('remote-code', place, `${key}: ${JSON.stringify(value).slice(0, 160)}`);
  } else if (key === 'trust_remote_code' && value === true) {
    inspection.find('remote-code', place, 'trust_remote_code is set');
  } else if (key === '_target_' && typeof value === 'string') {
    inspection.find('remote-code', place, `creates ${value}`);
  } else if (
    key === 'parent_library' &&
    typeof value === 'string' &&
    !/^(transformers|peft|diffusers)\b/.test(value)
  ) {
    inspection.find('remote-code', place, `imports ${value}`);
  } else if (/^_?attn_implementation$/.test(key) && typeof value === 'string' && value.includes('/')) {
    inspection.find('remote-code', place, `fetches the kernels ${value}`);
  } else if (key === 'class_name' && (value === 'Lambda' || value === 'TFSMLayer')) {
    inspection.find('keras-code', place, `a layer ${value}`);
  } else if (Object.hasOwn(DIMENSIONS, key) && typeof value === 'number' && value > DIMENSIONS[key]!) {
    inspection.find('resource-bomb', place, `${key} is ${value}`);
  }
}

/** Files in which any value names a class. */
function judgeByName(inspection: Inspection, root: Json): void {
  const name = baseName(inspection.file.path);
  if (name === 'modules.json' && Array.isArray(root)) {
    for (const [n, module] of root.entries()) {
      const type = isObject(module) ? module.type : undefined;
      if (typeof type === 'string' && !/^(sentence_transformers|pylate|transformers)\./.test(type)) {
        inspection.find('remote-code', `[${n}].type`, `creates ${type}`);
      }
    }
  }
  if (name === 'model_index.json' && isObject(root)) {
    for (const [part, value] of Object.entries(root)) {
      const library = Array.isArray(value) && value.length === 2 ? value[0] : undefined;
      if (
        typeof library === 'string' &&
        typeof (value as Json[])[1] === 'string' &&
        !isKnownLibrary(library)
      ) {
        inspection.find('remote-code', part, `a class of ${library}`);
      }
    }
  }
}

const isKnownLibrary = (library: string): boolean => DIFFUSERS_LIBRARIES.has(library.split('.')[0]!);

/** Templates under a key: one text, a list of named ones, or a map. */
function templatesIn(value: Json, place: string): [string, string][] {
  if (typeof value === 'string') return TEMPLATE_FILE.test(value) ? [] : [[value, place]];
  if (Array.isArray(value)) {
    return value.flatMap((item, n) =>
      isObject(item) ? templatesIn(item.template ?? null, `${place}[${n}]`) : [],
    );
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]): [string, string][] =>
    typeof inner === 'string' ? [[inner, `${place}.${name}`]] : [],
  );
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (value: Json): boolean =>
  value === null ||
  value === '' ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Calls back for every entry of every object, from the outside in. */
export function visit(
  value: Json,
  place: string,
  entry: (key: string, value: Json, place: string) => void,
): void {
  if (Array.isArray(value)) {
    for (const [n, item] of value.entries()) visit(item, `${place}[${n}]`, entry);
  } else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const here = place ? `${place}.${key}` : key;
      entry(key, inner, here);
      visit(inner, here, entry);
    }
  }
}
