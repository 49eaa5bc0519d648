import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PeerAddress, ReachView } from '#network';
import type { HostOptions } from '../../src/network/host-options.ts';
import type { HostCommand } from './host-process.ts';
import { commandInside } from './nat-lab.ts';

const PROGRAM = fileURLToPath(new URL('host-process.ts', import.meta.url));

/** A host in a namespace of the lab, driven over its standard streams. */
export class LabHost {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  static async start(namespace: string, options: Omit<HostOptions, 'key'>): Promise<LabHost> {
    const [program, ...args] = commandInside(namespace, process.execPath, PROGRAM, JSON.stringify(options));
    const host = new LabHost(spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    await host.#read();
    return host;
  }

  address = (): Promise<PeerAddress> => this.#ask({ type: 'address' });
  reach = (): Promise<ReachView> => this.#ask({ type: 'reach' });
  connect = (peer: PeerAddress): Promise<string> => this.#ask({ type: 'connect', peer });
  echo = (peer: PeerAddress): Promise<boolean> => this.#ask({ type: 'echo', peer });
  provide = (key: string): Promise<void> => this.#ask({ type: 'provide', key });
  find = (key: string): Promise<PeerAddress[]> => this.#ask({ type: 'find', key });
  connections = (peer: PeerAddress): Promise<{ direct: boolean; connected: boolean }> =>
    this.#ask({ type: 'connections', peer });

  /** Ends the process without a farewell. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async #ask<T>(command: HostCommand): Promise<T> {
    this.#child.stdin!.write(`${JSON.stringify(command)}\n`);
    return (await this.#read()) as T;
  }

  async #read(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the process of the host has ended');
    const answer = JSON.parse(value) as { ok?: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.ok;
  }
}
