import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BitorchError, flagOf, type Progress } from '#base';
import type { NodeMessage } from '../node-message.ts';
import type { StartOption } from '../start-options.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const STOP_TIMEOUT_MS = 8_000;
/** Maximum restarts of a node that ended unexpectedly, and the delay in ms before each. */
const RESTARTS = 3;
const RESTART_PAUSE_MS = 1_000;
/** Exit code after SIGINT. */
const INTERRUPTED = 130;

export type Ready = Extract<NodeMessage, { type: 'ready' }>;

/** Texts of flags of `bitorch start`, by option name. */
export type StartFlags = Readonly<Partial<Record<StartOption, string>>>;

export interface NodeProcessOptions {
  readonly name: string;
  readonly home: string;
  readonly flags: StartFlags;
}

export interface NodeProcessObserver {
  onProgress(progress: Progress): void;
  /** The node ended unexpectedly: the reason, and whether it is restarted. */
  onEnd(why: string, restarts: boolean): void;
  /** The node ended because somebody stopped it. */
  onLeave?(): void;
}

/**
 * A node of the devnet: a process with its own data directory. If it ends unexpectedly after it was ready, it is restarted at
 * the same addresses, at most three times.
 */
export class NodeProcess {
  readonly name: string;
  readonly home: string;
  readonly #flags: StartFlags;
  readonly #observer: NodeProcessObserver;
  #child!: ChildProcess;
  #exited!: Promise<void>;
  #ready!: PromiseWithResolvers<Ready>;
  #restarts = 0;
  #restarting: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor({ name, home, flags }: NodeProcessOptions, observer: NodeProcessObserver) {
    this.name = name;
    this.home = home;
    this.#flags = flags;
    this.#observer = observer;
    mkdirSync(home, { recursive: true });
    this.#start(flags);
  }

  /** Resolves when the node is ready (anew after a restart); rejects with its error when it ends before. */
  get ready(): Promise<Ready> {
    return this.#ready.promise;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Stops the node and waits until it has exited; kills it after a timeout. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restarting);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(kill);
  }

  #start(flags: StartFlags): void {
    const log = openSync(this.#log, this.#restarts > 0 ? 'a' : 'w');
    const set = Object.entries({ home: this.home, name: this.name, ...flags });
    const args = set.flatMap(([option, value]) => (value === undefined ? [] : [flagOf(option), value]));
    const child = spawn(process.execPath, [MAIN, 'start', ...args], {
      env: ownEnvironment(),
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const ready = Promise.withResolvers<Ready>();
    ready.promise.catch(() => undefined);
    this.#child = child;
    this.#ready = ready;
    let known: Ready | undefined;
    child.on('message', (message: NodeMessage) => {
      if (message.type === 'progress') this.#observer.onProgress(message);
      if (message.type === 'ready') {
        known = message;
        ready.resolve(message);
      }
      if (message.type === 'failed')
        ready.reject(BitorchError.relayed(message.code, `${this.name}: ${message.message}`));
    });
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        const why = this.#reason(signal ?? `code ${code}`);
        ready.reject(new BitorchError('NODE_ENDED', `${this.name} ${why}`));
        // A clean exit was requested, for example by Ctrl-C, which reaches all processes of the terminal.
        if (known && code === 0 && !this.#stopping) this.#observer.onLeave?.();
        if (known && code !== 0 && code !== INTERRUPTED) this.#ended(why, known);
        resolve();
      });
    });
  }

  #ended(why: string, known: Ready): void {
    if (this.#stopping) return;
    const again = this.#restarts < RESTARTS;
    this.#observer.onEnd(why, again);
    if (!again) return;
    this.#restarts++;
    this.#restarting = setTimeout(() => this.#start(this.#flagsAt(known)), RESTART_PAUSE_MS);
  }

  /** Flags that restart the node at the addresses that the others know. */
  #flagsAt({ addresses, trackers, url }: Ready): StartFlags {
    const listen = addresses.map((address) => address.replace(/\/p2p\/\w+$/, '')).join(',');
    const place = { ...this.#flags, listen, port: new URL(url).port };
    // The first tracker in its list is its own.
    const tracker = this.#flags.trackerPort !== undefined && trackers[0];
    return tracker ? { ...place, trackerPort: new URL(tracker).port } : place;
  }

  get #log(): string {
    return join(this.home, 'node.log');
  }

  /** How the process ended, with the last line of its log. */
  #reason(how: string): string {
    const said = readFileSync(this.#log, 'utf8')
      .match(/^bitorch: .*$/gm)
      ?.at(-1);
    return `ended (${how})${said === undefined ? '' : `, ${said.slice('bitorch: '.length)}`}: see ${this.#log}`;
  }
}

/** The environment without BITORCH_* settings: the devnet's nodes get theirs as flags. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const isSetting = (name: string) => name.startsWith('BITORCH_') && name !== 'BITORCH_LOG';
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}
