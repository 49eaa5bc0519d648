import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { createLog, Lifecycle } from '#base';
import { createMetainfo, type Metainfo, Swarm, type SwarmOptions } from '#distribution';
import type { Budget } from '#network';

export const quiet = createLog(process.env.BITORCH_LOG ?? 'silent');

const lives = new WeakMap<TestContext, Lifecycle>();

/**
 * Undoes something after the test, the last first: a directory goes when those who write to it have stopped. Hooks of
 * node:test run in the order of their registration, and one that fails keeps the rest from running.
 */
export function afterwards(t: TestContext, undo: () => unknown): void {
  const life = lives.get(t) ?? new Lifecycle();
  if (!lives.has(t)) t.after(() => life.stop());
  lives.set(t, life);
  life.onStop(undo);
}

/** A directory that is gone after the test. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bitorch-test-'));
  afterwards(t, () => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A running swarm that is stopped after the test. */
export async function startSwarm(
  t: TestContext,
  options: Partial<SwarmOptions> = {},
  budgetOf?: (host: string) => Budget,
): Promise<Swarm> {
  const dependencies = { log: quiet, ...(budgetOf && { budgetOf }) };
  const swarm = new Swarm({ peerId: new Uint8Array(randomBytes(20)), ...options }, dependencies);
  await swarm.start();
  afterwards(t, () => swarm.stop());
  return swarm;
}

/** Writes files of random bytes and makes a torrent of them. */
export async function makeTorrent(
  directory: string,
  files: Record<string, number>,
  options: { pieceLength?: number; trackers?: string[] } = {},
): Promise<Metainfo> {
  for (const [path, size] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), randomBytes(size));
  }
  return createMetainfo({ directory, files: Object.keys(files), name: 'model', ...options });
}

/** SHA-256 of each of the torrent's files in a directory, hexadecimal. */
export async function hashFiles(directory: string, metainfo: Metainfo): Promise<string[]> {
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  return Promise.all(metainfo.files.map(async ({ path }) => hash(await readFile(join(directory, path)))));
}

export const KiB = 1024;
export const MiB = 1024 * KiB;
