import { join } from 'node:path';
import { Command } from 'commander';
import { codeOf, dataDirectory, Lifecycle, messageOf } from '#base';
import { exitCodeOf, onStopSignal, printError } from './exit.ts';
import { wholeNumber } from './flags.ts';

interface Flags {
  address: string;
  home?: string;
  validatorKey?: string;
  snapshotEvery: string;
  threads?: string;
}

/** `bitorch abci`: serves the application to an external consensus engine, CometBFT. */
export const abciCommand = new Command('abci')
  .description('serve the ledger to CometBFT over ABCI')
  .option('--address <address>', 'unix:///path or tcp://host:port', 'tcp://127.0.0.1:26658')
  .option('--home <folder>', 'data directory')
  .option('--validator-key <file>', "CometBFT's priv_validator_key.json; required to propose blocks")
  .option('--snapshot-every <blocks>', 'blocks between state sync snapshots', '1000')
  .option('--threads <n>', 'verification threads')
  .action(async (flags: Flags) => {
    const lifecycle = new Lifecycle();
    onStopSignal(() => lifecycle.stop().then(() => process.exit(), fail));
    try {
      await serve(flags, lifecycle);
    } catch (error) {
      await lifecycle.stop().catch(() => undefined);
      fail(error);
    }
  });

async function serve(flags: Flags, lifecycle: Lifecycle): Promise<void> {
  const { AbciServer, openApplication, readValidatorKey } = await import('#consensus');
  const key = flags.validatorKey === undefined ? undefined : await readValidatorKey(flags.validatorKey);
  const opened = await openApplication({
    directory: join(flags.home ?? dataDirectory(), 'chain'),
    snapshotEveryBlocks: wholeNumber('--snapshot-every', flags.snapshotEvery),
    ...(key && { key }),
    ...(flags.threads !== undefined && { verifierThreads: wholeNumber('--threads', flags.threads) }),
  });
  lifecycle.onStop(() => opened.stop());
  const server = new AbciServer(
    { address: flags.address },
    {
      application: opened.application,
      onFault: (error) => process.stderr.write(`bitorch: ${messageOf(error)} [${codeOf(error)}]\n`),
    },
  );
  const address = await server.start();
  lifecycle.onStop(() => server.stop());
  process.stdout.write(`serving the ledger at ${address}${key ? '' : ', without a key to propose blocks'}\n`);
}

function fail(error: unknown): never {
  printError(error);
  process.exit(exitCodeOf(error));
}
