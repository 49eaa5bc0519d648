import { join } from 'node:path';
import { codeOf, Lifecycle, messageOf, type Options, type OptionValues, z, zCount } from '#base';
import { HOME, zFile } from './common-options.ts';
import { exitCodeOf, onStopSignal, printError } from './exit.ts';
import { commandOf } from './flags.ts';

const OPTIONS = {
  address: {
    schema: z.string().min(1).default('tcp://127.0.0.1:26658'),
    value: 'address',
    help: 'unix:///path or tcp://host:port',
  },
  home: HOME,
  validatorKey: {
    schema: zFile.optional(),
    value: 'file',
    help: "CometBFT's priv_validator_key.json; required to propose blocks",
  },
  snapshotEvery: {
    schema: zCount.default(1000),
    value: 'n',
    help: 'blocks between state sync snapshots',
  },
  threads: {
    schema: z.number().int().min(1).max(256).optional(),
    value: 'n',
    help: 'verification threads',
    defaultText: 'the number of cores',
  },
} satisfies Options;

/** `bitorch abci`: serves the application to an external consensus engine, CometBFT. */
export const abciCommand = commandOf('abci', 'serve the ledger to CometBFT over ABCI', OPTIONS).action(
  async (flags: OptionValues<typeof OPTIONS>) => {
    const lifecycle = new Lifecycle();
    onStopSignal(() => lifecycle.stop().then(() => process.exit(), fail));
    try {
      await serve(flags, lifecycle);
    } catch (error) {
      await lifecycle.stop().catch(() => undefined);
      fail(error);
    }
  },
);

async function serve(
  { address: at, home, validatorKey, snapshotEvery, threads }: OptionValues<typeof OPTIONS>,
  lifecycle: Lifecycle,
): Promise<void> {
  const { AbciServer, openApplication, readValidatorKey } = await import('#consensus');
  const key = validatorKey === undefined ? undefined : await readValidatorKey(validatorKey);
  const opened = await openApplication({
    directory: join(home, 'chain'),
    snapshotEveryBlocks: snapshotEvery,
    ...(key && { key }),
    ...(threads !== undefined && { verifierThreads: threads }),
  });
  lifecycle.onStop(() => opened.stop());
  const server = new AbciServer(
    { address: at },
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
