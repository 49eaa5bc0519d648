/**
 * Configuration keys whose values a loader resolves to code, or to a repository with code, wherever they occur: JSON,
 * YAML, and JSON inside metadata.
 */
import type { JsonScalar } from '#formats';

/**
 * transformers loads kernels from the Hub by these keys (integrations/hub_kernels.py). The value is a name, or one
 * name per part of the model.
 */
const IMPLEMENTATION = /^_?(attn|experts|mlp|kernel)\w*_implementation(_\w+)?$/;
/** sentence-transformers and CrossEncoder import the values of these keys (util.import_from_string). */
const IMPORTED = /^(\w*activation_fn|\w*activation_function|loss_fct|similarity_fct)$/;
const DOTTED = /^[A-Za-z_]\w*(\.\w+)+$/;
const HARMLESS_IMPORT =
  /^(torch\.nn(\.modules(\.\w+)?)?|sentence_transformers(\.\w+)*|transformers\.activations)\.\w+$/;
/** Routers of sentence-transformers import the class of each of their modules, named by `types`. */
export const TRANSFORMERS_CLASS = /^(sentence_transformers|pylate|transformers)(\.\w+)+$/;
const FALSE_WORDS = new Set(['', '0', 'false', 'no', 'off', 'n', 'f', 'none', 'null']);

/** Describes what a loader would run because of the value at `path` (its keys and indexes); undefined if nothing. */
export function codeReference(path: readonly (string | number)[], value: JsonScalar): string | undefined {
  const key = path.findLast((part) => typeof part === 'string') as string | undefined;
  if (key === undefined) return undefined;
  if (key === 'trust_remote_code') return isTruthy(value) ? 'trust_remote_code is set' : undefined;
  if (typeof value !== 'string') return undefined;
  if (key === '_target_') return `creates ${value}`;
  if (path.some((part) => typeof part === 'string' && IMPLEMENTATION.test(part)) && /[/\\:]/.test(value))
    return `fetches the kernels ${value}`;
  if (IMPORTED.test(key) && DOTTED.test(value) && !HARMLESS_IMPORT.test(value)) return `imports ${value}`;
  if (path.at(-2) === 'types' && DOTTED.test(value) && !TRANSFORMERS_CLASS.test(value))
    return `imports ${value}`;
  if (key === 'parent_library' && !/^(transformers|peft|diffusers)\b/.test(value)) return `imports ${value}`;
  return undefined;
}

/** Truth as Python, YAML and command lines define it. */
const isTruthy = (value: JsonScalar): boolean =>
  typeof value === 'string' ? !FALSE_WORDS.has(value.trim().toLowerCase()) : Boolean(value);
