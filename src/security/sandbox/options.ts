/** What a process in the sandbox may use; what it exceeds ends it. */
export interface Limits {
  /** Of all its processes together, its temporary files included. */
  readonly memoryBytes: number;
  /** By the clock on the wall. */
  readonly timeMs: number;
  /** Processors' time of one process, in whole seconds. */
  readonly cpuSeconds: number;
  /** Processes at a time. With 1 none can be made: the kernel refuses. */
  readonly processes: number;
  /** Threads of all processes together. */
  readonly threads: number;
  /** Files in its /tmp together. */
  readonly temporaryBytes: number;
  /** Any one file that it writes. */
  readonly fileBytes: number;
  /** Written to the standard output and to the standard error. */
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
  /** Program, by its absolute path inside, and arguments. */
  readonly command: readonly [string, ...string[]];
  /** Host files and folders that it sees, beside the system's programs and libraries; at the same place if not said. */
  readonly readOnly: readonly { readonly path: string; readonly at?: string }[];
  /** Its whole environment, beside PATH, HOME and LANG. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What it reads on its standard input. */
  readonly input?: Uint8Array;
  readonly limits?: Partial<Limits>;
  /** Its standard output as it comes; kept whole in the outcome when absent. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** An open file (its descriptor) that its standard output goes into: the only thing outside that it can change. */
  readonly outputFile?: number;
  readonly signal?: AbortSignal;
}

/** How a process in the sandbox came to its end. */
export type Ending = 'exited' | 'killed' | 'forbidden-call' | 'time' | 'memory' | 'processes' | 'output';

export interface SandboxOutcome {
  readonly ending: Ending;
  /** Of a process that exited by itself. */
  readonly exitCode: number | null;
  /** Its standard output, unless it was taken by `onOutput`. */
  readonly output: Uint8Array;
  /** The end of its standard error, as text. */
  readonly errors: string;
  readonly usage: Usage;
}

/**
 * What a process and its children used. Memory is the kernel's own count where there is a control group, else the sum of
 * the kernel's high-water marks of each process; the rest was seen in looks from outside, a blink apart.
 */
export interface Usage {
  readonly timeMs: number;
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
  readonly processes: number;
  readonly threads: number;
  /** Files outside of what it was given that were open; cut at 32. */
  readonly files: readonly string[];
  /** Sockets that were open, its own standard streams not counted. */
  readonly sockets: number;
}
