/** Linux control groups: the kernel counts and limits the resources of all processes of a run together. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pause } from '#base';
import type { Limits } from './options.ts';

const PREFIX = 'bitorch-sandbox-';
/** Name of a group; captures the id of the process that created it. */
const GROUP_NAME = new RegExp(`^${PREFIX}(\\d+)-\\w+$`);
/** bubblewrap's own processes. */
const REAPERS = 2;
const REMOVALS = 20;
const REMOVAL_MS = 25;

export type GroupVersion = 'v1' | 'v2';

/** Where groups can be created. Version 2 has one hierarchy, version 1 one per controller. */
export interface GroupHome {
  readonly version: GroupVersion;
  /** Parent folders of the groups. */
  readonly memory: string;
  readonly processes: string;
}

/** The control group of one run. */
export class ControlGroup {
  readonly #home: GroupHome;
  readonly #memory: string;
  readonly #processes: string;

  /** Throws the file system's error if the group cannot be created. */
  constructor(home: GroupHome, name: string, { memoryBytes, threads }: Limits) {
    this.#home = home;
    this.#memory = join(home.memory, PREFIX + name);
    this.#processes = join(home.processes, PREFIX + name);
    for (const folder of this.#folders) mkdirSync(folder);
    try {
      if (home.version === 'v2') {
        this.#set('memory.max', memoryBytes);
        this.#try('memory.swap.max', 0);
        this.#try('memory.oom.group', 1);
      } else {
        this.#set('memory.limit_in_bytes', memoryBytes);
        this.#try('memory.memsw.limit_in_bytes', memoryBytes);
      }
      writeFileSync(join(this.#processes, 'pids.max'), String(threads + REAPERS));
    } catch (error) {
      for (const folder of this.#folders) rmdirSync(folder);
      throw error;
    }
  }

  get version(): GroupVersion {
    return this.#home.version;
  }

  /** Files to which a process writes its id to join the group, together with its descendants. */
  get membershipFiles(): string[] {
    return this.#folders.map((folder) => join(folder, 'cgroup.procs'));
  }

  /**
   * Peak memory in bytes, including page cache that the processes caused; undefined if the kernel does not report it.
   */
  get peakMemoryBytes(): number | undefined {
    const name = this.version === 'v2' ? 'memory.peak' : 'memory.max_usage_in_bytes';
    const bytes = Number(this.#get(name));
    return bytes > 0 ? bytes : undefined;
  }

  /** Whether the kernel killed a process for exceeding the memory limit. */
  get isOutOfMemory(): boolean {
    const text = this.#get(this.version === 'v2' ? 'memory.events' : 'memory.oom_control');
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0;
  }

  /** Removes the group. Retries, because the kernel may still be reaping the last process. */
  async remove(): Promise<void> {
    for (let left = REMOVALS; left > 0; left--) {
      try {
        for (const folder of this.#folders) rmdirSync(folder);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
        await pause(REMOVAL_MS);
      }
    }
  }

  get #folders(): string[] {
    return [...new Set([this.#memory, this.#processes])];
  }

  #set(file: string, value: number): void {
    writeFileSync(join(this.#memory, file), String(value));
  }

  /** Sets an optional file: older kernels and those without swap accounting lack some. */
  #try(file: string, value: number): void {
    try {
      this.#set(file, value);
    } catch {
      // The memory limit itself still holds.
    }
  }

  #get(file: string): string {
    try {
      return readFileSync(join(this.#memory, file), 'utf8');
    } catch {
      return '';
    }
  }
}

let home: GroupHome | undefined | null = null;

/**
 * Finds where this process can create groups, trying once; undefined if nowhere. Root can everywhere; a user can if
 * its own group lies in a folder that it owns, as for services and scopes of the user's systemd instance.
 */
export function groupHome(): GroupHome | undefined {
  if (home === null)
    home = candidates(readText('/proc/self/mountinfo'), readText('/proc/self/cgroup')).find(works);
  return home;
}

/**
 * Possible places, best first. `mounts`: content of proc_pid_mountinfo(5); `own`: content of /proc/pid/cgroup, see
 * cgroups(7).
 */
export function candidates(mounts: string, own: string): GroupHome[] {
  const found: GroupHome[] = [];
  const trees = mounts.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [type, , options = ''] = after.split(' ');
    return type?.startsWith('cgroup')
      ? [{ type, at: before.split(' ')[4]!, options: options.split(',') }]
      : [];
  });
  const unified = trees.find(({ type }) => type === 'cgroup2')?.at;
  const path = /^0::(.*)$/m.exec(own)?.[1];
  if (unified !== undefined && path !== undefined) {
    const above = join(unified, dirname(path));
    for (const folder of new Set([above.replace(/\/$/, ''), unified]))
      found.push({ version: 'v2', memory: folder, processes: folder });
  }
  const tree = (what: string) =>
    trees.find(({ type, options }) => type === 'cgroup' && options.includes(what))?.at;
  const [memory, processes] = [tree('memory'), tree('pids')];
  if (memory !== undefined && processes !== undefined) found.push({ version: 'v1', memory, processes });
  return found;
}

/** Creates a group to see whether it works. Also removes groups left by processes that were killed. */
function works(candidate: GroupHome): boolean {
  try {
    for (const folder of new Set([candidate.memory, candidate.processes])) removeEmpty(folder);
    const group = new ControlGroup(candidate, `${process.pid}-try`, {
      memoryBytes: 2 ** 26,
      threads: 1,
    } as Limits);
    void group.remove();
    return true;
  } catch {
    return false;
  }
}

function removeEmpty(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, owner] = GROUP_NAME.exec(name) ?? [];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    try {
      rmdirSync(join(folder, name));
    } catch {
      // A process in it is still exiting.
    }
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
