import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fromUtf8 } from '#base';
import { defaultCurve } from '#crypto';
import { MemoryStore, openLmdbStore } from '#store';
import type { ValidatorPower } from './application.ts';
import { parseGenesis } from './genesis-text.ts';
import { LedgerApplication, type LedgerApplicationOptions } from './ledger-application.ts';
import { ReaderThread } from './queries/reader-thread.ts';
import type { Staging } from './snapshots/restoration.ts';
import { SnapshotFolder } from './snapshots/snapshot-folder.ts';
import { VerifierThreads } from './verification/verifier-threads.ts';

export interface OpenApplicationOptions extends LedgerApplicationOptions {
  /** Holds state and snapshots. Used by one process at a time. */
  readonly directory: string;
  /** Blocks between snapshots. */
  readonly snapshotEveryBlocks?: number;
  readonly verifierThreads?: number;
}

export interface OpenedApplication {
  readonly application: LedgerApplication;
  stop(): Promise<void>;
}

/**
 * Opens the application on disk, with verifier threads. Throws STORE_UNREADABLE when the store cannot be opened.
 */
export async function openApplication(options: OpenApplicationOptions): Promise<OpenedApplication> {
  const { directory, snapshotEveryBlocks = 1_000, verifierThreads } = options;
  await mkdir(directory, { recursive: true });
  await discardStaging(directory);
  const path = join(directory, 'state.mdb');
  const store = openLmdbStore(path);
  const reader = new ReaderThread(path);
  const verifier = new VerifierThreads(verifierThreads ? { threads: verifierThreads } : {});
  const snapshots = new SnapshotFolder({
    directory: join(directory, 'snapshots'),
    everyBlocks: snapshotEveryBlocks,
  });
  const stage = async (): Promise<Staging> => {
    const staged = openLmdbStore(stagingPath(directory));
    const discard = async () => {
      await staged.close();
      await discardStaging(directory);
    };
    return { store: staged, discard };
  };
  const application = new LedgerApplication(options, {
    store,
    curve: defaultCurve(),
    verifier,
    reader,
    snapshots,
    stage,
  });
  return {
    application,
    async stop() {
      await Promise.all([verifier.stop(), reader.stop()]);
      // A snapshot that could not be written is only missing, which harms nobody.
      await snapshots.settled().catch(() => undefined);
      await store.close();
    },
  };
}

/**
 * The validators of the first block of a genesis. Computed apart from the node's application, which may have to
 * stay empty for a snapshot.
 */
export async function firstValidators(genesisFile: Uint8Array): Promise<readonly ValidatorPower[]> {
  const curve = defaultCurve();
  const { name, time } = parseGenesis(genesisFile, curve);
  const verifier = {
    verify: async () => [],
    allHold: async () => true,
    evidenceHolds: async () => true,
    stop: async () => undefined,
  };
  const beside = new LedgerApplication({}, { store: new MemoryStore(), curve, verifier });
  const request = { genesis: genesisFile, chainId: fromUtf8(name), time, initialHeight: 1 };
  return (await beside.initChain(request)).validators;
}

const stagingPath = (directory: string): string => join(directory, 'staging.mdb');

async function discardStaging(directory: string): Promise<void> {
  for (const path of [stagingPath(directory), `${stagingPath(directory)}-lock`])
    await rm(path, { force: true });
}
