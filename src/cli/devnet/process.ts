import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BitorchError, type Progress } from '#base';
import type { NodeMessage } from '../node-message.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const STOP_TIMEOUT_MS = 8_000;
/** How often a node that ended by itself is started again, and the pause before it. */
const RESTARTS = 3;
const RESTART_PAUSE_MS = 1_000;
/** Exit code of a program that Ctrl-C ended at once. */
const INTERRUPTED = 130;

export type Ready = Extract<NodeMessage, { type: 'ready' }>;

type Flags = Readonly<Record<string, string | undefined>>;

export interface NodeProcessOptions {
  readonly name: string;
  readonly home: string;
  readonly flags: Flags;
}

export interface NodeProcessObserver {
  onProgress(progress: Progress): void;
  /** The node ended although nobody stopped it: why, and whether it is started again. */
  onEnd(why: string, restarts: boolean): void;
}

/**
 * A node of the devnet: a process of its own with its own data directory. When it ends by itself after it was ready, it is
 * started again where the others know it, three times at most.
 */
export class NodeProcess {
  readonly name: string;
  readonly home: string;
  readonly #flags: Flags;
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

  /** Resolves when the node does its work, again after a restart; rejects with its error when it ends before. */
  get ready(): Promise<Ready> {
    return this.#ready.promise;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks the node to stop and waits until it is gone; kills it when it does not go. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restarting);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(kill);
  }

  #start(flags: Flags): void {
    const log = openSync(this.#log, this.#restarts > 0 ? 'a' : 'w');
    const set = Object.entries({ home: this.home, name: this.name, ...flags });
    const args = set.flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value]));
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
        // Who stops in order was asked to, by Ctrl-C for one, which all processes of a terminal get.
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

  /** The flags that bring the node up at the addresses which the others have heard of. */
  #flagsAt({ addresses, trackers, url }: Ready): Flags {
    const listen = addresses.map((address) => address.replace(/\/p2p\/\w+$/, '')).join(',');
    const place = { ...this.#flags, listen, port: new URL(url).port };
    // Its own tracker is the first of those that it knows.
    const tracker = this.#flags['tracker-port'] !== undefined && trackers[0];
    return tracker ? { ...place, 'tracker-port': new URL(tracker).port } : place;
  }

  get #log(): string {
    return join(this.home, 'node.log');
  }

  /** How the process ended, with what it said last. */
  #reason(how: string): string {
    const said = readFileSync(this.#log, 'utf8')
      .match(/^bitorch: .*$/gm)
      ?.at(-1);
    return `ended (${how})${said === undefined ? '' : `, ${said.slice('bitorch: '.length)}`}: see ${this.#log}`;
  }
}

/** The environment without the user's settings for a node of their own: these nodes get theirs as flags. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const isSetting = (name: string) => name.startsWith('BITORCH_') && name !== 'BITORCH_LOG';
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}
