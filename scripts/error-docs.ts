/** Writes docs/errors.md out of the tables in each folder's errors.ts: `node scripts/error-docs.ts`. */
import { writeFileSync } from 'node:fs';
import { BASE_ERRORS, type ErrorTable } from '#base';
import { CONSENSUS_ERRORS } from '#consensus/errors';
import { CRYPTO_ERRORS } from '#crypto/errors';
import { DISTRIBUTION_ERRORS } from '#distribution/errors';
import { EXECUTION_ERRORS } from '#execution/errors';
import { FORMATS_ERRORS } from '#formats/errors';
import { LEDGER_ERRORS } from '#ledger/errors';
import { NETWORK_ERRORS } from '#network/errors';
import { SECURITY_ERRORS } from '#security/errors';
import { STORE_ERRORS } from '#store/errors';
import { VERIFICATION_ERRORS } from '#verification/errors';
import { CLI_ERRORS } from '../src/cli/errors.ts';
import { NODE_ERRORS } from '../src/node/errors.ts';
import { SERVER_ERRORS } from '../src/server/errors.ts';

/** By the folder of `src` whose `errors.ts` declares them. */
export const ERROR_TABLES: Readonly<Record<string, ErrorTable>> = {
  base: BASE_ERRORS,
  crypto: CRYPTO_ERRORS,
  store: STORE_ERRORS,
  formats: FORMATS_ERRORS,
  network: NETWORK_ERRORS,
  ledger: LEDGER_ERRORS,
  distribution: DISTRIBUTION_ERRORS,
  execution: EXECUTION_ERRORS,
  security: SECURITY_ERRORS,
  verification: VERIFICATION_ERRORS,
  consensus: CONSENSUS_ERRORS,
  node: NODE_ERRORS,
  server: SERVER_ERRORS,
  cli: CLI_ERRORS,
};

const HEAD = `# Errors

Every error has a code. The API gives it as \`error.code\` with the HTTP status below; \`error.message\` says what to do, and
\`error.param\` names the field where there is one. Commands print it in brackets behind the message and end with the exit code
below. Codes of the operating system (\`ENOSPC\`, \`EACCES\`, …) end a command with 1.

This page is written by \`node scripts/error-docs.ts\` out of the tables in \`src/*/errors.ts\`.
`;

/** The page. */
export function errorDocs(): string {
  const sections = Object.entries(ERROR_TABLES).map(([room, table]) => {
    const rows = Object.entries(table).map(
      ([code, [status, meaning, exit = 1]]) => `| \`${code}\` | ${status} | ${exit} | ${meaning} |`,
    );
    return `## ${room}\n\n| code | HTTP | exit | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `${HEAD}\n${sections.join('\n')}`;
}

if (import.meta.main) writeFileSync('docs/errors.md', errorDocs());
