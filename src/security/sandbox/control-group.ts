/** Control groups of Linux: the kernel counts and limits what all processes of a run use together. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Limits } from './options.ts';

const PREFIX = 'bitorch-sandbox-';
/** A group by its name: the process that made it. */
const LEFT = new RegExp(`^${PREFIX}(\\d+)-\\w+$`);
/** bubblewrap's own processes. */
const REAPERS = 2;
const REMOVALS = 20;
const REMOVAL_MS = 25;

export type GroupVersion = 'v1' | 'v2';

/** Where groups can be made: version 2 has one tree, version 1 one for each thing that is counted. */
export interface GroupHome {
  readonly version: GroupVersion;
  /** Folders in which a group is a folder. */
  readonly memory: string;
  readonly processes: string;
}

/** One run's group. */
export class ControlGroup {
  readonly #home: GroupHome;
  readonly #memory: string;
  readonly #processes: string;

  /** Throws what the file system throws where no group can be made. */
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

  /** Files into which a process writes its id to be of the group, with all that it starts. */
  get joins(): string[] {
    return this.#folders.map((folder) => join(folder, 'cgroup.procs'));
  }

  /** The most memory that was in use at a time, file cache that it caused included; undefined where it is not told. */
  get peakMemoryBytes(): number | undefined {
    const name = this.version === 'v2' ? 'memory.peak' : 'memory.max_usage_in_bytes';
    const bytes = Number(this.#get(name));
    return bytes > 0 ? bytes : undefined;
  }

  /** Whether the kernel ended a process because they used more memory than they may. */
  get isOutOfMemory(): boolean {
    const text = this.#get(this.version === 'v2' ? 'memory.events' : 'memory.oom_control');
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0;
  }

  /** When its last process has ended, which the kernel may still be about. */
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

  /** Kernels without swap accounting, or older ones, do not have every file. */
  #try(file: string, value: number): void {
    try {
      this.#set(file, value);
    } catch {
      // The limit of memory holds all the same.
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
 * Where this process can make groups, tried once; undefined where it cannot. That is root's everywhere, and a user's
 * whose own group lies in a folder of theirs: services and scopes of the user's systemd.
 */
export function groupHome(): GroupHome | undefined {
  if (home === null)
    home = candidates(readText('/proc/self/mountinfo'), readText('/proc/self/cgroup')).find(works);
  return home;
}

/** `mounts`: proc_pid_mountinfo(5); `own`: cgroups(7), /proc/pid/cgroup. */
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

/** Tried out; groups that a process left behind when it was killed are removed. */
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
    const [, owner] = LEFT.exec(name) ?? [];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    try {
      rmdirSync(join(folder, name));
    } catch {
      // Something still ends in it.
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
