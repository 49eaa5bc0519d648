/** A systemd of a user, apart from the machine: mounts, network and control groups of its own. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { pause } from '#base';
import { afterwards } from './swarm.ts';

const SYSTEMD = '/usr/lib/systemd/systemd';

/** `$1`: the folder of the control group that this shell joins and that systemd takes for the root. */
const BOOT = `set -e
mkdir -p "$1" && echo $$ > "$1/cgroup.procs"
exec unshare --mount --net --cgroup --propagation private bash -ec '
  mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/user/0 && chmod 700 /run/user/0
  umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup
  ip link set lo up
  exec ${SYSTEMD} --user --log-target=console'`;

const LACKING = `set -e; test -x ${SYSTEMD}; for each in systemctl ip nsenter unshare; do command -v $each; done`;

/** Why this machine cannot run one; undefined when it can. */
export function userSystemdLacking(): string | undefined {
  if (process.platform !== 'linux') return 'systemd is a program of Linux';
  if (process.getuid?.() !== 0) return 'only root may give it mounts and control groups of its own';
  try {
    execFileSync('bash', ['-c', LACKING], { stdio: 'ignore' });
    if (groupRoot() === undefined) return 'control groups of version 2 are not mounted';
    execFileSync('unshare', ['--mount', '--net', '--cgroup', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'systemd, iproute2 or the right to make namespaces is missing';
  }
}

/** Where control groups of version 2 are mounted. */
function groupRoot(): string | undefined {
  const found = execFileSync('findmnt', ['-n', '-o', 'TARGET', '-t', 'cgroup2'], { encoding: 'utf8' });
  return found.trim().split('\n')[0] || undefined;
}

export interface UserSystemd {
  /** Runs a command in the session of the user. */
  run(command: readonly string[]): Promise<{ code: number; output: string }>;
}

/** Starts one; it ends after the test, with all services in it. `env`: variables of the session, its own among them. */
export async function startUserSystemd(t: TestContext, env: Record<string, string>): Promise<UserSystemd> {
  const group = `${groupRoot()}/bitorch-test-${process.pid}`;
  const session = { ...process.env, ...env, XDG_RUNTIME_DIR: '/run/user/0', DBUS_SESSION_BUS_ADDRESS: '' };
  const systemd = spawn('bash', ['-c', BOOT, 'bash', group], {
    env: session,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  systemd.stderr.on('data', (chunk) => (log += chunk));
  const ended = once(systemd, 'close');
  afterwards(t, async () => {
    execFileSync('bash', ['-c', `echo 1 > '${group}/cgroup.kill'`]);
    await ended;
    execFileSync('find', [group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
  });
  const run: UserSystemd['run'] = ([program, ...args]) =>
    new Promise((resolve) => {
      const inside = ['--target', String(systemd.pid), '--mount', '--net', '--cgroup', program!, ...args];
      execFile('nsenter', inside, { env: session }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) || 1 : 0, output: `${stdout}${stderr}` }),
      );
    });
  for (;;) {
    const { code, output } = await run(['systemctl', '--user', 'is-system-running']);
    if (code === 0) return { run };
    if (systemd.exitCode !== null) throw new Error(`systemd has ended: ${log}${output}`);
    await pause(50);
  }
}
