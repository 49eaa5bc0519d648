import type { Ending, Limits, Usage } from './options.ts';
import { descendants, highWaterBytes, openTargets } from './process-tree.ts';

const INTERVAL_MS = 50;
/**
 * Used above half of the memory limit if the kernel does not enforce it, so that a process overshoots only a little.
 */
const NEAR_LIMIT_MS = 10;
const MAX_FILES = 32;

/** Samples a running sandbox from outside: measures its resources and reports when it exceeds a limit. */
export class Watch {
  readonly #root: number;
  readonly #limits: Limits;
  readonly #expected: readonly string[];
  readonly #enforcesMemory: boolean;
  readonly #onExcess: (ending: Ending) => void;
  readonly #startedAt = performance.now();
  readonly #cpu = new Map<number, number>();
  readonly #files = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #peakMemoryBytes = 0;
  #processes = 0;
  #threads = 0;
  #sockets = 0;

  /**
   * `root`: first process of the sandbox. `expected`: path prefixes of open files that are not reported.
   * `enforcesMemory`: whether to enforce the memory limit, if nothing else does.
   */
  constructor(
    root: number,
    {
      limits,
      expected,
      enforcesMemory,
    }: { limits: Limits; expected: readonly string[]; enforcesMemory: boolean },
    onExcess: (ending: Ending) => void,
  ) {
    this.#root = root;
    this.#limits = limits;
    this.#expected = expected;
    this.#enforcesMemory = enforcesMemory;
    this.#onExcess = onExcess;
    this.#sample();
  }

  /** Stops sampling and returns the usage. */
  stop(): Usage {
    clearTimeout(this.#timer);
    return {
      timeMs: performance.now() - this.#startedAt,
      cpuMs: [...this.#cpu.values()].reduce((sum, ms) => sum + ms, 0),
      peakMemoryBytes: this.#peakMemoryBytes,
      processes: this.#processes,
      threads: this.#threads,
      files: [...this.#files],
      sockets: this.#sockets,
    };
  }

  #sample(): void {
    // The first process of the namespace is bubblewrap's reaper, not the command.
    const [, ...processes] = descendants(this.#root);
    const sum = (of: (p: (typeof processes)[number]) => number) => processes.reduce((n, p) => n + of(p), 0);
    const memory = sum(({ residentBytes }) => residentBytes);
    const threads = sum((p) => p.threads);
    for (const { pid, cpuMs } of processes) this.#cpu.set(pid, cpuMs);
    const inspected = processes.slice(0, this.#limits.processes);
    const highWater = inspected.reduce((bytes, { pid }) => bytes + highWaterBytes(pid), 0);
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, memory, highWater);
    this.#processes = Math.max(this.#processes, processes.length);
    this.#threads = Math.max(this.#threads, threads);
    this.#recordOpen(inspected.flatMap(({ pid }) => openTargets(pid)));
    const isNear = this.#enforcesMemory && memory > this.#limits.memoryBytes / 2;
    this.#timer = setTimeout(() => this.#sample(), isNear ? NEAR_LIMIT_MS : INTERVAL_MS);
    if (memory > this.#limits.memoryBytes) this.#onExcess('memory');
    else if (processes.length > this.#limits.processes || threads > this.#limits.threads)
      this.#onExcess('processes');
  }

  #recordOpen(targets: readonly string[]): void {
    this.#sockets = Math.max(this.#sockets, targets.filter((target) => target.startsWith('socket:')).length);
    for (const target of targets) {
      if (!target.startsWith('/') || this.#expected.some((folder) => target.startsWith(folder))) continue;
      if (this.#files.size < MAX_FILES) this.#files.add(target);
    }
  }
}
