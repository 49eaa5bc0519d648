import type { Family } from '../family.ts';
import { hfArchitecture } from './config.ts';
import { ggufArchitecture } from './gguf.ts';
import { placeOf, REDUNDANT } from './tensors.ts';

/** Llama 2 and 3, and models of other names with the same architecture (Touvron et al. 2023). */
export const llama: Family = {
  fromConfig: hfArchitecture,
  fromGguf: ggufArchitecture,
  placeOf,
  redundant: REDUNDANT,
};
