import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { BitorchError, codeOf } from '#base';

/**
 * Makes a path free for a Unix socket: takes away one that nobody listens on any more, left by a program that was killed, and
 * nothing else. Throws LISTEN_FAILED for a socket that answers, and for what is no socket.
 */
export async function freeSocketPath(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (!found) return;
  if (!found.isSocket())
    throw new BitorchError(
      'LISTEN_FAILED',
      `there is something at ${path} that is no socket, and it was left alone: name another path`,
      { path },
    );
  if (!(await isAbandoned(path)))
    throw new BitorchError(
      'LISTEN_FAILED',
      `a program listens at ${path} already: stop it, or name another path`,
      {
        path,
      },
    );
  await rm(path, { force: true });
}

/** Only a refusal says that nobody listens: a full queue or a missing permission does not. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error) => resolve(codeOf(error) === 'ECONNREFUSED'));
  });
}
