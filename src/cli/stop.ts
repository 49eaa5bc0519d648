import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BitorchError, pause, tryLockFile } from '#base';
import { askNode, type NodeFlags, nodeCommand, print, printJson, runningNode } from './chain/api.ts';

const POLL_MS = 100;
const TIMEOUT_MS = 60_000;

/** `bitorch stop`: ends the running node, or the devnet that it belongs to. */
export const stopCommand = nodeCommand('stop', 'stop the running node and wait until it has ended').action(
  async (flags: NodeFlags) => {
    const { home } = await runningNode(flags);
    const { pid } = await askNode<{ pid: number }>(flags, '/api/process/stop', { method: 'POST' });
    for (const each of await homesWith(home)) await untilUnlocked(each, pid);
    if (flags.json) printJson({ stopped: true, home });
    else print(isDevnet(home) ? 'The devnet has stopped.' : 'The node has stopped.');
  },
);

/** The user's node of a devnet: the devnet ends with it. */
const isDevnet = (home: string): boolean => basename(home) === 'you' && basename(dirname(home)) === 'devnet';

/** The data directories of the nodes that end with this one. */
async function homesWith(home: string): Promise<string[]> {
  if (!isDevnet(home)) return [home];
  const entries = await readdir(dirname(home), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dirname(home), name));
}

/** Waits until no process holds the lock of the data directory. Throws STOP_TIMEOUT, which names the process `pid`. */
export async function untilUnlocked(home: string, pid: number, timeoutMs = TIMEOUT_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const unlock = await tryLockFile(join(home, 'home.lock'));
    if (unlock) return unlock();
    if (performance.now() > deadline)
      throw new BitorchError(
        'STOP_TIMEOUT',
        `the node on ${home} was asked to stop and still runs: end its process, ${pid}, with kill`,
      );
    await pause(POLL_MS);
  }
}
