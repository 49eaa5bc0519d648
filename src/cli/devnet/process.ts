import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BitorchError, type Progress } from '#base';
import type { NodeMessage } from '../node-message.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const STOP_TIMEOUT_MS = 8_000;

export type Ready = Extract<NodeMessage, { type: 'ready' }>;

/** A node of the devnet: a process of its own with its own data directory. */
export class NodeProcess {
  readonly name: string;
  readonly home: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  /** Resolves when the node does its work; rejects with its error when it ends before. */
  readonly ready: Promise<Ready>;

  constructor(
    { name, home, flags }: { name: string; home: string; flags: Record<string, string | undefined> },
    onProgress: (progress: Progress) => void,
  ) {
    this.name = name;
    this.home = home;
    mkdirSync(home, { recursive: true });
    const log = openSync(join(home, 'node.log'), 'w');
    const set = Object.entries({ home, name, ...flags }).filter(([, value]) => value !== undefined);
    const args = set.flatMap(([flag, value]) => [`--${flag}`, value!]);
    this.#child = spawn(process.execPath, [MAIN, 'start', ...args], {
      env: ownEnvironment(),
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const ready = Promise.withResolvers<Ready>();
    this.ready = ready.promise;
    this.ready.catch(() => undefined);
    this.#child.on('message', (message: NodeMessage) => {
      if (message.type === 'progress') onProgress(message);
      if (message.type === 'ready') ready.resolve(message);
      if (message.type === 'failed')
        ready.reject(new BitorchError(message.code, `${name}: ${message.message}`));
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        ready.reject(
          new BitorchError(
            'NODE_ENDED',
            `${name} ended (${signal ?? `code ${code}`}): see ${join(home, 'node.log')}`,
          ),
        );
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks the node to stop and waits until it is gone; kills it when it does not go. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(kill);
  }
}

/** The environment without the user's settings for a node of their own: these nodes get theirs as flags. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const isSetting = (name: string) => name.startsWith('BITORCH_') && name !== 'BITORCH_LOG';
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}
