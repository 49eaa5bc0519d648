/**
 * Makes fresh real Monero transactions on a private chain and compares our primitives with Monero on them:
 * `node scripts/interop-monero.ts`. Needs Debian's `monero` package and the oracle in ../shared/tools/monero-oracle.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCurve } from '#crypto';
import { type Agreement, compareWithMonero, type OracleRun } from '../test/support/crypto/monero-run.ts';

const ORACLE = join(import.meta.dirname, '../../shared/tools/monero-oracle/oracle.mjs');
const installed = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** Runs the oracle in a folder of its own and reads what it wrote. */
function freshTransactions(): OracleRun {
  const folder = mkdtempSync(join(tmpdir(), 'bitorch-monero-'));
  try {
    const { status, stderr } = spawnSync(process.execPath, [ORACLE, folder], {
      encoding: 'utf8',
      timeout: 300_000,
    });
    if (status !== 0) throw new Error(`the oracle failed:\n${stderr.slice(-2000)}`);
    return JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(agreement: Agreement): boolean {
  const { transactions, outputs, paymentProofsAll, tampered } = agreement;
  const rows: [string, number, number][] = [
    ['transaction ids equal', agreement.ids, transactions],
    ['transactions verified', agreement.verified, transactions],
    ['outputs found', agreement.outputsFound, outputs],
    ['outputs opened (amount and mask)', agreement.outputsOpened, outputs],
    ['key images equal', agreement.keyImages, outputs],
    ['payment proofs verified', agreement.paymentProofs, paymentProofsAll],
    ['tampered copies rejected', agreement.tamperedRejected, tampered],
  ];
  for (const [what, agreed, all] of rows) console.log(`${what.padEnd(36)}${agreed} of ${all}`);
  return rows.every(([, agreed, all]) => agreed === all && all > 0);
}

if (!existsSync(ORACLE)) {
  console.log(`skipped: no oracle at ${ORACLE}`);
} else if (!installed('monerod') || !installed('monero-wallet-rpc')) {
  const debian = installed('apt-get');
  console.log(
    `${debian ? 'failed' : 'skipped'}: monerod is not installed${debian ? ': apt-get install monero' : ''}`,
  );
  process.exitCode = debian ? 1 : 0;
} else if (!report(compareWithMonero(freshTransactions(), defaultCurve()))) {
  console.log('failed: Monero and Bitorch do not agree');
  process.exitCode = 1;
}
