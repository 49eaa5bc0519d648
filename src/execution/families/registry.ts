import { type Architecture, type GgufValue, unsupportedFile } from '#formats';
import type { Family } from './family.ts';
import { llama } from './llama/index.ts';

/** All supported families, by their names in manifests, in GGUF (`general.architecture`) and in config.json (`model_type`). */
const FAMILIES: Readonly<Record<Architecture['family'], Family>> = { llama };

export const familyOf = ({ family }: Pick<Architecture, 'family'>): Family => FAMILIES[family];

/** The family that a file names. `what` names the file in errors. Throws FORMAT_UNSUPPORTED when it is none of the registry. */
export function familyNamed(name: GgufValue | null | undefined, what: string): Family {
  if (typeof name === 'string' && Object.hasOwn(FAMILIES, name))
    return FAMILIES[name as Architecture['family']];
  const shown = name === undefined || name === null ? 'missing' : JSON.stringify(String(name));
  throw unsupportedFile(
    `${what}: the model's architecture is ${shown}: Bitorch supports ${Object.keys(FAMILIES).join(', ')}`,
  );
}
