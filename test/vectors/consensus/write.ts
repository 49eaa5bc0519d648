/** Writes consensus.json anew: only after a change of the protocol that docs/protocol/consensus.md tells of. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { consensusVectors } from './make.ts';

writeFileSync(
  join(import.meta.dirname, 'consensus.json'),
  `${JSON.stringify(consensusVectors(), null, 2)}\n`,
);
