/** The engine in a browser tab: the page offers its hash to the test. */
import { engineHash } from '../engine-hash.ts';

Object.assign(globalThis, { engineHash });
