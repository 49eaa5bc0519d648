/** Writes ledger.json anew: only after a change of the protocol that docs/protocol/ledger.md tells of. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ledgerVectors } from './make.ts';

writeFileSync(
  join(import.meta.dirname, 'ledger.json'),
  `${JSON.stringify(await ledgerVectors(), null, 2)}\n`,
);
