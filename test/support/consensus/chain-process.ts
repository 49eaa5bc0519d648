/**
 * One node of a chain in a process of its own, for tests that kill it: settings as JSON in `argv[2]`, news and orders over
 * IPC. The journal, the guard of signatures and the clock are handed in here, so that a test can let the process die
 * between any two of its writes, run out of space, or live in another time.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLog, fromHex, messageOf, replaceFile, sha256, toHex } from '#base';
import { defaultCurve, SigningKey } from '#crypto';
import { ringSpends } from '#ledger';
import { Contacts, Host } from '#network';
import { openLmdbStore } from '#store';
import {
  firstValidators,
  LedgerApplication,
  parseGenesis,
  SnapshotFolder,
  VerifierThreads,
  verifierHere,
} from '../../../src/consensus/application/index.ts';
import { Chain } from '../../../src/consensus/chain.ts';
import { type LogFile, openLogFile } from '../../../src/consensus/journal/index.ts';
import { parseCheckpoint } from '../../../src/consensus/light/index.ts';
import { ListApplication } from './list-application.ts';

/** Where a process dies by its own hand, once it was told to. */
export type DeathPoint = 'before log' | 'after log' | 'before sign' | 'after sign' | 'in commit';

export interface ProcessSettings {
  readonly home: string;
  readonly genesis: string;
  readonly node: string;
  /** Consensus key seed; absent for a follower. */
  readonly key?: string;
  readonly port: number;
  readonly contacts: readonly string[];
  readonly skewMs: number;
  readonly application: 'list' | 'ledger';
  readonly snapshotEvery?: number;
  readonly snapshotLag?: number;
  /** HEIGHT:ID of a block that the test vouches for. */
  readonly trust?: string;
  /** Threads for verifying; in the main one when absent. */
  readonly threads?: number;
}

export type Order =
  | { type: 'die'; at: DeathPoint }
  | { type: 'submit'; transaction: string; number: number }
  | { type: 'full'; full: boolean }
  | { type: 'disconnect' }
  | { type: 'connect'; contact: string }
  | { type: 'query'; path: string; data: string; number: number }
  | { type: 'status'; number: number };

export type News =
  | { type: 'ready'; height: number }
  | { type: 'failed'; error: string }
  | {
      type: 'block';
      height: number;
      id: string;
      appHash: string;
      /** The sha256 of each. */
      transactions: string[];
      time: number;
      finalityMs?: number | undefined;
    }
  | { type: 'answer'; number: number; value: unknown };

const settings = JSON.parse(process.argv[2]!) as ProcessSettings;
const tell = (news: News) => process.connected && process.send!(news);

let dieAt: DeathPoint | undefined;
let full = false;
const point = (at: DeathPoint) => {
  if (dieAt === at) process.kill(process.pid, 'SIGKILL');
};
const space = () => {
  if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
};

const dyingLog = (path: string): LogFile => {
  space();
  const file = openLogFile(path);
  return {
    ...file,
    write(bytes, position) {
      point('before log');
      space();
      const written = file.write(bytes, position);
      point('after log');
      return written;
    },
  };
};

const dyingReplace = (path: string, content: Uint8Array) => {
  point('before sign');
  space();
  replaceFile(path, content);
  point('after sign');
};

function makeApplication(key: SigningKey | undefined) {
  if (settings.application === 'list') return new ListApplication(join(settings.home, 'state'));
  const curve = defaultCurve();
  const store = openLmdbStore(join(settings.home, 'state.mdb'), 2 ** 32);
  const verifier = settings.threads
    ? new VerifierThreads({ threads: settings.threads })
    : verifierHere({ spends: ringSpends(curve) });
  const snapshots = settings.snapshotEvery
    ? new SnapshotFolder({ directory: join(settings.home, 'snapshots'), everyBlocks: settings.snapshotEvery })
    : undefined;
  return new LedgerApplication(
    { ...(key && { key }) },
    { store, curve, verifier, ...(snapshots && { snapshots }) },
  );
}

async function main(): Promise<void> {
  const log = createLog();
  const genesisFile = new Uint8Array(readFileSync(settings.genesis));
  const genesis = parseGenesis(genesisFile, defaultCurve());
  const key = settings.key === undefined ? undefined : new SigningKey(fromHex(settings.key));
  const host = await Host.start(
    { key: new SigningKey(fromHex(settings.node)), listen: [`/ip4/127.0.0.1/tcp/${settings.port}`] },
    { log },
  );
  const application = makeApplication(key);
  const contacts = new Contacts({ configured: settings.contacts }, { host, log });
  const chain = new Chain(
    {
      home: settings.home,
      genesis,
      genesisFile,
      ...(settings.trust !== undefined && { checkpoint: parseCheckpoint(settings.trust) }),
      ...(settings.snapshotLag !== undefined && { snapshotLag: settings.snapshotLag }),
    },
    {
      host,
      contacts,
      application,
      log,
      now: () => Date.now() + settings.skewMs,
      openLogFile: dyingLog,
      replaceFile: dyingReplace,
      ...(key && { key }),
      ...(application instanceof LedgerApplication && { accuse: (evidence) => application.accuse(evidence) }),
      ...(settings.application === 'ledger' && {
        firstValidators: () => firstValidators(genesisFile),
      }),
    },
  );
  chain.onBlock(({ block, id, appHash, finalityMs }) => {
    const { height, time } = block.header;
    const transactions = block.transactions.map((bytes) => toHex(sha256(bytes)));
    tell({ type: 'block', height, id: toHex(id), appHash: toHex(appHash), transactions, time, finalityMs });
  });
  process.on('message', async (order: Order) => {
    if (order.type === 'die') dieAt = order.at;
    if (order.type === 'full') full = order.full;
    if (order.type === 'disconnect')
      for (const peer of host.connected) host.disconnect(peer).catch(() => undefined);
    if (order.type === 'connect')
      host.connect(order.contact).catch((error: unknown) => log.warn(messageOf(error)));
    if (order.type === 'query') {
      const { path, number } = order;
      const { value, ...rest } = await application.query({ path, data: fromHex(order.data) });
      tell({ type: 'answer', number, value: { ...rest, value: toHex(value) } });
    }
    if (order.type === 'status') tell({ type: 'answer', number: order.number, value: chain.status });
    if (order.type === 'submit') {
      const value = await chain.submit(fromHex(order.transaction));
      tell({ type: 'answer', number: order.number, value });
    }
  });
  process.on('disconnect', () => process.exit());
  void contacts.start();
  await chain.start();
  tell({ type: 'ready', height: chain.status.height });
}

main().catch((error: unknown) => {
  console.error(error);
  tell({ type: 'failed', error: messageOf(error) });
  process.exit(1);
});
