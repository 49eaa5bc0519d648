/**
 * Configuration keys whose values a loader resolves to code, or to a repository with code, wherever they occur: JSON,
 * YAML, metadata of weights, and JSON inside metadata. Each list names the function that resolves the value.
 */
import type { JsonScalar } from '#formats';

/**
 * transformers (dynamic_module_utils.get_class_from_dynamic_module, pipelines, generation's custom_generate) and
 * diffusers (custom pipelines) import classes from files of a repository.
 */
const CODE_KEYS = new Set(['auto_map', 'custom_pipelines', 'custom_pipeline', 'custom_generate']);
/** Hydra (instantiate), NeMo (import_class_by_path) and MONAI (ConfigComponent) call any value of these keys. */
const CALLED = new Set(['_target_', '__target__']);
/** latent-diffusion and its descendants (ldm.util.get_obj_from_str) import the value of `target`. */
const OWN_TARGET =
  /^(ldm|sgm|cldm|taming|nemo|torch|torchvision|diffusers|transformers|lightning|pytorch_lightning)\.[\w.]+$/;
const CLASS_OR_CALL =
  /\.[A-Z]\w*$|^(os|posix|nt|sys|subprocess|shutil|builtins|importlib|runpy|pty|ctypes|code)\./;
/**
 * transformers loads kernels from the Hub by these keys (integrations/hub_kernels.py). The value is a name, or one
 * name per part of the model.
 */
const IMPLEMENTATION = /^_?(attn|experts|mlp|kernel)\w*_implementation(_\w+)?$/;
/** sentence-transformers and CrossEncoder import the values of these keys (util.import_from_string). */
const IMPORTED = /^(\w*activation_(fn|fct|function)|loss_fct|similarity_fct|tokenizer_class)$/;
const DOTTED = /^[A-Za-z_]\w*(\.\w+)+$/;
const HARMLESS_IMPORT =
  /^(torch\.nn(\.modules(\.\w+)?)?|sentence_transformers(\.\w+)*|transformers(\.(activations|models(\.\w+)*))?)\.\w+$/;
/** Routers of sentence-transformers import the class of each of their modules, named by `types`. */
export const TRANSFORMERS_CLASS = /^(sentence_transformers|pylate|transformers)(\.\w+)+$/;
/** timm (factory.create_model) fetches a model from the Hub, or from a folder, when its name has such a scheme. */
const FETCHED = /^(hf[-_]hub|local-dir):/;
const NAMES_OF_MODELS = new Set(['backbone', 'architecture', 'model_name', 'timm_model_name']);
const FALSE_WORDS = new Set(['', '0', 'false', 'no', 'off', 'n', 'f', 'none', 'null', '~']);

/** Describes what a loader would run because of the value at `path` (its keys and indexes); undefined if nothing. */
export function codeReference(path: readonly (string | number)[], value: JsonScalar): string | undefined {
  const key = path.findLast((part) => typeof part === 'string') as string | undefined;
  if (key === undefined) return undefined;
  if (key === 'trust_remote_code') return isTruthy(value) ? 'trust_remote_code is set' : undefined;
  const codeKey = path.find((part) => CODE_KEYS.has(String(part)));
  if (codeKey !== undefined && isTruthy(value)) return `${codeKey}: ${String(value).slice(0, 160)}`;
  if (typeof value !== 'string') return undefined;
  if (CALLED.has(key)) return `creates ${value}`;
  if (key === 'target' && DOTTED.test(value) && CLASS_OR_CALL.test(value) && !OWN_TARGET.test(value))
    return `creates ${value}`;
  if (path.some(namesImplementation) && /[/\\:]/.test(value)) return `fetches the kernels ${value}`;
  if (IMPORTED.test(key) && DOTTED.test(value) && !HARMLESS_IMPORT.test(value)) return `imports ${value}`;
  if (path.at(-2) === 'types' && DOTTED.test(value) && !TRANSFORMERS_CLASS.test(value))
    return `imports ${value}`;
  if (key === 'parent_library' && !/^(transformers|peft|diffusers)\b/.test(value)) return `imports ${value}`;
  if (NAMES_OF_MODELS.has(key) && FETCHED.test(value)) return `fetches the model ${value}`;
  return undefined;
}

/** No longer key names an implementation; the pattern takes time by the square of the length. */
const MAX_KEY = 200;
const namesImplementation = (part: string | number): boolean =>
  typeof part === 'string' && part.length <= MAX_KEY && IMPLEMENTATION.test(part);

/** Truth as Python, YAML and command lines define it. */
const isTruthy = (value: JsonScalar): boolean =>
  typeof value === 'string' ? !FALSE_WORDS.has(value.trim().toLowerCase()) : Boolean(value);

/** Libraries whose layers Keras may import. */
const KERAS = /^(keras|keras_hub|keras_nlp|keras_cv|tensorflow|tf_keras|builtins)(\.|$)/;

/**
 * Keras (serialization_lib.deserialize_keras_object) imports `class_name` from `module`. Describes what it would
 * import from elsewhere; undefined if nothing.
 */
export function kerasReference(module: string, className: string): string | undefined {
  return KERAS.test(module) ? undefined : `imports ${className} from ${module}`;
}
