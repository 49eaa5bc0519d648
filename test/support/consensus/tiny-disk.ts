import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const MOUNT = 'mount -t tmpfs -o "size=$1,mode=700" tmpfs "$2" && echo mounted && exec cat';

/**
 * A real file system of a few megabytes that can run full, over a folder. It is in a mount namespace of its own: nobody
 * but the programs that are started with `prefix` sees it. It lives as long as the process that made it.
 */
export class TinyDisk {
  readonly folder: string;
  /** What to put before a program and its arguments. */
  readonly prefix: readonly string[];
  readonly #holder: ChildProcess;

  private constructor(folder: string, prefix: readonly string[], holder: ChildProcess) {
    this.folder = folder;
    this.prefix = prefix;
    this.#holder = holder;
  }

  /** The reason where this machine lets nobody mount one. */
  static async make(folder: string, bytes: number): Promise<TinyDisk | string> {
    if (process.platform !== 'linux') return 'a small file system needs Linux namespaces';
    mkdirSync(folder, { recursive: true });
    const root = process.getuid!() === 0;
    const args = [root ? '--mount' : '-rm', 'sh', '-c', MOUNT, 'sh', `${bytes}`, folder];
    const holder = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const errors = text(holder.stderr);
    const mounted = await Promise.race([
      once(holder.stdout, 'data').then(() => true),
      once(holder, 'close').then(() => false),
      once(holder, 'error').then(() => false),
    ]).catch(() => false);
    if (!mounted) return `no small file system can be mounted here: ${(await errors).trim() || 'no unshare'}`;
    const user = root ? [] : ['--user', '--preserve-credentials'];
    return new TinyDisk(folder, ['nsenter', `--target=${holder.pid}`, ...user, '--mount', '--'], holder);
  }

  /** Takes all the space there is. */
  fill(): Promise<void> {
    return this.#sh('cat /dev/zero >>"$1"');
  }

  /** Gives some of it back. */
  trickle(bytes: number): Promise<void> {
    return this.#sh(`truncate --size=-${bytes} "$1"`);
  }

  /** Gives back all that `fill` took. */
  free(): Promise<void> {
    return this.#sh('rm -f "$1"');
  }

  /** The disk and what is on it are gone with the last process that sees it. */
  async stop(): Promise<void> {
    const gone = once(this.#holder, 'close');
    this.#holder.stdin!.end();
    await gone;
  }

  /** Runs a line of shell on the ballast. Filling ends with an error, as it should. */
  async #sh(line: string): Promise<void> {
    const [command, ...args] = [...this.prefix, 'sh', '-c', line, 'sh', join(this.folder, 'ballast')];
    await once(spawn(command!, args, { stdio: 'ignore' }), 'close');
  }
}
