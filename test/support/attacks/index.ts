import { CODE_FAMILIES } from './code-families.ts';
import { FORMAT_FAMILIES } from './format-families.ts';
import { TEXT_FAMILIES } from './text-families.ts';

export { CLEAN } from './clean.ts';
export type { Family, Sample } from './family.ts';
export { Random } from './random.ts';
export const FAMILIES = [...CODE_FAMILIES, ...FORMAT_FAMILIES, ...TEXT_FAMILIES];
