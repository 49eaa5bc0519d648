/**
 * Writes docs/protocol/vectors/arithmetic.json from the engine. The file is pinned: it changes only together with
 * the arithmetic's version, after test/vectors/execution/engine-reference.test.ts has confirmed the new bits.
 */
import { writeFileSync } from 'node:fs';
import { arithmeticVectors } from '../test/support/arithmetic-vectors.ts';

const path = new URL('../docs/protocol/vectors/arithmetic.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(await arithmeticVectors(), null, 2)}\n`);
