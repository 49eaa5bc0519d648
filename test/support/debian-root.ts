/** A fresh Debian without Node, in which commands run apart from the machine: mounts, network and processes of their own. */
import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { temporaryDirectory } from './swarm.ts';

const run = promisify(execFile);

/** Why this machine cannot make one; undefined when it can. */
export function debianRootLacking(): string | undefined {
  if (process.platform !== 'linux') return 'Debian needs Linux';
  if (process.getuid?.() !== 0) return 'only root can change the root folder';
  try {
    execFileSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true'], { stdio: 'ignore' });
    execFileSync('bash', ['-c', 'for each in dpkg tar ip chroot; do command -v $each || exit; done'], {
      stdio: 'ignore',
    });
    return undefined;
  } catch {
    return 'dpkg, iproute2 or the right to make namespaces is missing';
  }
}

/** Unpacks a root folder that is gone after the test. Throws where no Debian is kept and none can be made. */
export async function debianRoot(t: TestContext): Promise<string> {
  const { stdout: archive } = await run('packaging/base-image.sh', ['-'], { maxBuffer: 64 << 20 });
  const root = join(await temporaryDirectory(t), 'root');
  await mkdir(root);
  await chmod(root, 0o755);
  await run('tar', ['-xf', archive.trim(), '-C', root]);
  return root;
}

const ENTER = `mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && ip link set lo up &&
exec chroot "$1" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -ec "$2"`;

/** Runs a script of bash in the root folder, and ends whatever it leaves running. Throws with its output when it fails. */
export async function runInRoot(root: string, script: string): Promise<string> {
  const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const { stdout, stderr } = await run('unshare', [...namespaces, 'bash', '-c', ENTER, 'bash', root, script]);
  return stdout + stderr;
}
