import { BitorchError, cleanText, codeOf } from '#base';
import { checkPath } from '../paths.ts';

/** As in manifests. */
const MAX_NAME = 128;
const ENDING = /\.(gguf|safetensors|json)$/i;

/**
 * Checks that a model and its files can have their names on every machine, before the long hashing begins. `place`: the
 * folder or file on this machine. Throws SOURCE_INVALID, whose message suggests a new name.
 */
export function requirePlainNames(name: string, paths: readonly string[], place: string): void {
  if (cleanText(name, MAX_NAME) !== name)
    throw renaming(place, plainName(name), `a model is named in one line of at most ${MAX_NAME} characters`);
  requirePlain(name, place);
  for (const path of paths) requirePlain(path, `${path} in ${place}`);
}

/** Checks that file extensions of models are in lower case. Throws SOURCE_INVALID. */
export function requireEndings(names: readonly string[]): void {
  for (const name of names) {
    const [ending] = ENDING.exec(name) ?? [];
    if (ending === undefined || ending === ending.toLowerCase()) continue;
    const plain = name.slice(0, -ending.length) + ending.toLowerCase();
    throw renaming(name, plain, `the ending ${ending} must be in lower case`);
  }
}

function requirePlain(name: string, place: string): void {
  try {
    checkPath(name);
  } catch (error) {
    if (codeOf(error) !== 'PATH_UNSAFE') throw error;
    throw renaming(place, plainName(name), 'some file systems do not allow this name');
  }
}

/** A name valid on all machines, as close to the original as possible. */
function plainName(name: string): string {
  const plain = name
    .replace(/[^\p{L}\p{N}\p{M} ()[\]+=,@!#$%&'~^.-]+/gu, '-')
    .replace(/^[-. ]+|[-. ]+$/g, '')
    .slice(0, 60);
  return /^(con|prn|aux|nul|com[0-9]|lpt[0-9])?(\..*)?$/i.test(plain) ? `model-${plain}` : plain;
}

const renaming = (from: string, to: string, why: string): BitorchError =>
  new BitorchError('SOURCE_INVALID', `${from}: ${why}. Rename it, to ${to} for instance, and try again`);
