/** Resource limits of a process in the sandbox. Exceeding one ends the process. */
export interface Limits {
  /** For all processes together, including files in /tmp. */
  readonly memoryBytes: number;
  /** Wall-clock time. */
  readonly timeMs: number;
  /** CPU time per process, in whole seconds. */
  readonly cpuSeconds: number;
  /** Concurrent processes. With 1 the kernel refuses to create any other. */
  readonly processes: number;
  /** Threads of all processes together. */
  readonly threads: number;
  /** All files in /tmp together. */
  readonly temporaryBytes: number;
  /** Any single file. */
  readonly fileBytes: number;
  /** For standard output; standard error is kept up to a fixed size. */
  readonly outputBytes: number;
  readonly openFiles: number;
}

export const DEFAULT_LIMITS: Limits = {
  memoryBytes: 6 * 2 ** 30,
  timeMs: 120_000,
  cpuSeconds: 600,
  processes: 1,
  threads: 64,
  temporaryBytes: 16 * 2 ** 20,
  fileBytes: 16 * 2 ** 20,
  outputBytes: 2 ** 20,
  openFiles: 512,
};

export interface SandboxCommand {
  /** Absolute path of the program inside the sandbox, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /**
   * Host files and folders visible beside the system's programs and libraries, mounted `at` a path or at the same
   * one.
   */
  readonly readOnly: readonly { readonly path: string; readonly at?: string }[];
  /** The complete environment beside PATH, HOME and LANG. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: Uint8Array;
  readonly limits?: Partial<Limits>;
  /** Receives standard output as it arrives; without it the outcome holds all of it. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** Descriptor of an open file that receives standard output: the only thing outside that the process can change. */
  readonly outputFile?: number;
  readonly signal?: AbortSignal;
}

/**
 * How the process ended: `exited` by itself; `killed` by a signal or the caller; otherwise by a forbidden system call
 * or the limit named.
 */
export type Ending = 'exited' | 'killed' | 'forbidden-call' | 'time' | 'memory' | 'processes' | 'output';

export interface SandboxOutcome {
  readonly ending: Ending;
  /** Set only if the process exited by itself. */
  readonly exitCode: number | null;
  /** Standard output; empty if `onOutput` received it. */
  readonly output: Uint8Array;
  /** The beginning of standard error, as text. */
  readonly errors: string;
  readonly usage: Usage;
}

/**
 * Resources that the process and its children used. Peak memory is the kernel's count if there is a control group,
 * otherwise the sum of each process's high-water mark. The other values are sampled from outside (see Watch).
 */
export interface Usage {
  readonly timeMs: number;
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
  readonly processes: number;
  readonly threads: number;
  /** Files outside the given paths that were open, at most 32. */
  readonly files: readonly string[];
  /** Sockets that were open, excluding standard streams. */
  readonly sockets: number;
}
