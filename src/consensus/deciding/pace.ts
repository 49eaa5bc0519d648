import type { Timeouts } from '../application/index.ts';

export type Pace = Timeouts;
