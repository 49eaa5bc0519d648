import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { BitorchError, concat, messageOf } from '#base';
import { commandLine, FILTER_FD, INFO_FD } from './bubblewrap.ts';
import { ControlGroup, type GroupHome, groupHome } from './control-group.ts';
import { systemCallFilter } from './filter.ts';
import { withoutInherited } from './inherited.ts';
import {
  DEFAULT_LIMITS,
  type Ending,
  type Limits,
  type SandboxCommand,
  type SandboxOutcome,
} from './options.ts';
import type { Machine } from './system-calls.ts';
import { Watch } from './watch.ts';

const MAX_ERRORS_BYTES = 64 * 1024;
const MAX_INFO_BYTES = 4096;
/** Shells report death by signal n as exit code 128 + n; bubblewrap does the same. */
const SIGNAL_BASE = 128;
const [SIGKILL, SIGXCPU, SIGXFSZ, SIGSYS] = [9, 24, 25, 31];

/** Exit code of a shell that does not find the program. */
const NOT_FOUND = 127;
/** Exit code of the joining shell if the control group is gone. The program has not run then. */
const JOIN_FAILED = 125;
const INSTALL = "install Debian's packages bubblewrap and util-linux, or your system's";

const NO_USAGE = { timeMs: 0, cpuMs: 0, peakMemoryBytes: 0, processes: 0, threads: 0, files: [], sockets: 0 };

/**
 * Whether this machine can run the sandbox; `reason` says what is missing and what to do. `memoryBy`: what enforces
 * the memory limit, the kernel's control groups or sampling from outside.
 */
export type Availability =
  | { readonly available: true; readonly memoryBy: 'cgroup v1' | 'cgroup v2' | 'watch' }
  | { readonly available: false; readonly reason: string };

let tried: Promise<Availability> | undefined;

/** Tests the sandbox once per process and remembers the result. */
export function sandboxAvailability(): Promise<Availability> {
  tried ??= testSandbox();
  return tried;
}

async function testSandbox(): Promise<Availability> {
  const unavailable = (reason: string): Availability => ({ available: false, reason });
  if (process.platform !== 'linux')
    return unavailable(`the sandbox needs Linux and does not support ${process.platform}`);
  if (machine() === undefined) return unavailable(`the sandbox does not support ${process.arch} processors`);
  try {
    const groups = groupHome() ?? null;
    const { ending, exitCode, errors } = await run({ command: ['/usr/bin/true'], readOnly: [] }, groups);
    if (ending === 'exited' && exitCode === 0)
      return { available: true, memoryBy: groups ? `cgroup ${groups.version}` : 'watch' };
    if (exitCode === NOT_FOUND) return unavailable(`bubblewrap is missing: ${INSTALL}`);
    const hint = 'the system may forbid user namespaces, as containers and some distributions do';
    return unavailable(
      `bubblewrap does not work on this machine (${errors.trim().slice(0, 300) || ending}): ${hint}`,
    );
  } catch (error) {
    return unavailable(`${messageOf(error)}: ${INSTALL}`);
  }
}

/**
 * Runs a program once with access to nothing but what it is given, and reports how it ended. `groups`: where its
 * control group is created; null: none, limits are enforced by sampling. Throws SANDBOX_UNAVAILABLE or
 * SANDBOX_FAILED; every end of the program itself is an outcome.
 */
export async function runInSandbox(
  options: SandboxCommand,
  { groups = groupHome() ?? null }: { groups?: GroupHome | null } = {},
): Promise<SandboxOutcome> {
  const state = await sandboxAvailability();
  if (!state.available) throw new BitorchError('SANDBOX_UNAVAILABLE', `no sandbox: ${state.reason}`);
  return run(options, groups);
}

/**
 * A range of user ids that common systems leave unused. Each run gets its own, so that the kernel counts its
 * processes separately.
 */
const [FIRST_USER, USERS] = [1_900_000_000, 10_000_000];
const [OTHERS_READ, OTHERS_ENTER] = [0o004, 0o001];

/**
 * A user id for this run if the node runs as root and all given paths are world-readable; otherwise undefined, and
 * the program runs as the node's user.
 */
function throwawayUser({ readOnly }: SandboxCommand): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const isPublic = ({ path }: { path: string }) => {
    const stat = statSync(path);
    const needed = stat.isDirectory() ? OTHERS_READ | OTHERS_ENTER : OTHERS_READ;
    return (stat.mode & needed) === needed;
  };
  return readOnly.every(isPublic) ? FIRST_USER + randomInt(USERS) : undefined;
}

const machine = (): Machine | undefined =>
  process.arch === 'x64' || process.arch === 'arm64' ? process.arch : undefined;

let runs = 0;

async function run(options: SandboxCommand, groups: GroupHome | null): Promise<SandboxOutcome> {
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  options.signal?.throwIfAborted();
  const group = groups ? makeGroup(groups, limits) : undefined;
  try {
    return await runIn(options, limits, group);
  } finally {
    await group?.remove();
  }
}

function makeGroup(groups: GroupHome, limits: Limits): ControlGroup {
  try {
    return new ControlGroup(groups, `${process.pid}-${runs++}`, limits);
  } catch (error) {
    throw new BitorchError('SANDBOX_FAILED', `cannot create a control group: ${messageOf(error)}`, {}, error);
  }
}

/**
 * Wraps a command in a shell that joins the group and then execs the command, so that it never runs outside of the
 * group.
 */
const joining = ({ membershipFiles }: ControlGroup, command: readonly string[]): string[] => [
  ...[
    '/bin/sh',
    '-c',
    `while [ "$1" != -- ]; do echo $$ > "$1" || exit ${JOIN_FAILED}; shift; done; shift; exec "$@"`,
    'sh',
  ],
  ...[...membershipFiles, '--', ...command],
];

async function runIn(
  options: SandboxCommand,
  limits: Limits,
  group: ControlGroup | undefined,
): Promise<SandboxOutcome> {
  const command = commandLine(options, limits, throwawayUser(options));
  const [program, ...args] = (group ? joining(group, command) : command) as [string, ...string[]];
  const child = withoutInherited((others) =>
    spawn(program, args, {
      env: { PATH: process.env.PATH },
      stdio: ['pipe', options.outputFile ?? 'pipe', 'pipe', 'pipe', 'pipe', ...others],
    }),
  );
  let excess: Ending | undefined;
  const end = (ending: Ending) => {
    excess ??= ending;
    child.kill('SIGKILL');
  };
  const stop = () => end('killed');
  options.signal?.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => end('time'), limits.timeMs);
  let watch: Watch | undefined;
  let started = false;
  const expected = ['/usr/', '/dev/', '/proc', ...options.readOnly.map(({ path, at }) => at ?? path)];
  feed(child, FILTER_FD, systemCallFilter(machine()!, { processes: limits.processes > 1 }));
  feed(child, 0, options.input ?? new Uint8Array());
  firstProcess(child, (pid) => {
    started = true;
    if (!excess) watch = new Watch(pid, { limits, expected, enforcesMemory: !group }, end);
  });
  const output = child.stdout
    ? collect(child.stdout, limits.outputBytes, () => end('output'), options.onOutput)
    : () => new Uint8Array();
  const errors = collect(child.stderr!, MAX_ERRORS_BYTES, () => undefined);
  const errorText = () => Buffer.from(errors()).toString('utf8');
  try {
    const code = await ended(child);
    options.signal?.throwIfAborted();
    if (code === JOIN_FAILED && !started)
      throw new BitorchError('SANDBOX_FAILED', `cannot join the control group: ${errorText()}`);
    const ending = excess ?? (group?.isOutOfMemory ? 'memory' : endingOf(code));
    const usage = watch?.stop() ?? NO_USAGE;
    return {
      ending,
      exitCode: ending === 'exited' ? code : null,
      output: output(),
      errors: errorText(),
      usage: { ...usage, peakMemoryBytes: group?.peakMemoryBytes ?? usage.peakMemoryBytes },
    };
  } finally {
    clearTimeout(timer);
    watch?.stop();
    options.signal?.removeEventListener('abort', stop);
  }
}

function endingOf(code: number | null): Ending {
  if (code === SIGNAL_BASE + SIGSYS) return 'forbidden-call';
  if (code === SIGNAL_BASE + SIGXCPU) return 'time';
  if (code === SIGNAL_BASE + SIGXFSZ) return 'output';
  return code === null || code === SIGNAL_BASE + SIGKILL ? 'killed' : 'exited';
}

/** The exit code, or null after a signal. Throws SANDBOX_UNAVAILABLE when the program cannot be started. */
function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(
        new BitorchError('SANDBOX_UNAVAILABLE', `cannot start the sandbox: ${cause.message}`, {}, cause),
      );
    });
    child.once('close', (code) => resolve(code));
  });
}

function feed(child: ChildProcess, fd: number, bytes: Uint8Array): void {
  const stream = child.stdio[fd] as Writable;
  // A program may end without reading its input.
  stream.on('error', () => undefined);
  stream.end(bytes);
}

/** Calls back with the id of the sandbox's first process, as bubblewrap reports it. */
function firstProcess(child: ChildProcess, tell: (pid: number) => void): void {
  const stream = child.stdio[INFO_FD] as Readable;
  const text = collect(stream, MAX_INFO_BYTES, () => undefined);
  stream.on('error', () => undefined);
  stream.on('end', () => {
    const pid = Number(/"child-pid":\s*(\d+)/.exec(Buffer.from(text()).toString())?.[1]);
    if (pid > 1) tell(pid);
  });
}

/** Collects at most `limit` bytes of a stream, or passes them on; drops the excess and calls `onExcess`. */
function collect(
  stream: Readable,
  limit: number,
  onExcess: () => void,
  onChunk?: (chunk: Uint8Array) => void,
): () => Uint8Array {
  const chunks: Uint8Array[] = [];
  let room = limit;
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, room);
    if (part.length > 0) {
      if (onChunk) onChunk(part);
      else chunks.push(part);
    }
    if (chunk.length > room) onExcess();
    room -= part.length;
  });
  return () => concat(chunks);
}
