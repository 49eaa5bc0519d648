import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { BitorchError, codeOf } from '#base';

/**
 * Frees a path for a Unix socket. Removes a socket that nobody listens on, as a killed program leaves it, and
 * nothing else. Throws LISTEN_FAILED when the socket answers or the path is not a socket.
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
      `${path} exists and is not a socket; it was not removed: choose another path`,
      { path },
    );
  if (!(await isAbandoned(path)))
    throw new BitorchError(
      'LISTEN_FAILED',
      `another program is listening on ${path}: stop it, or choose another path`,
      {
        path,
      },
    );
  await rm(path, { force: true });
}

/** Only ECONNREFUSED shows that nobody listens; a full queue or a missing permission does not. */
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
