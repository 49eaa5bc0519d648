import { signal } from '@preact/signals';
import type { SecurityView } from '../../src/node/api/node-api.ts';

/** Undefined until the node's first event. */
export const security = signal<SecurityView | undefined>(undefined);
