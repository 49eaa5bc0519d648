import { fileURLToPath } from 'node:url';
import type { PeerAddress, ReachView } from '#network';
import type { HostOptions } from '../../src/network/host-options.ts';
import type { HostCommand } from './host-process.ts';
import { LabProcess } from './lab-process.ts';

const PROGRAM = fileURLToPath(new URL('host-process.ts', import.meta.url));

/** A host in a namespace of the lab. */
export class LabHost {
  readonly #process: LabProcess;

  private constructor(process: LabProcess) {
    this.#process = process;
  }

  static async start(namespace: string, options: Omit<HostOptions, 'key'>): Promise<LabHost> {
    return new LabHost(await LabProcess.start(namespace, PROGRAM, options));
  }

  address = (): Promise<PeerAddress> => this.#ask({ type: 'address' });
  reach = (): Promise<ReachView> => this.#ask({ type: 'reach' });
  connect = (peer: PeerAddress): Promise<string> => this.#ask({ type: 'connect', peer });
  echo = (peer: PeerAddress): Promise<boolean> => this.#ask({ type: 'echo', peer });
  provide = (key: string): Promise<void> => this.#ask({ type: 'provide', key });
  find = (key: string): Promise<PeerAddress[]> => this.#ask({ type: 'find', key });
  connections = (peer: PeerAddress): Promise<{ direct: boolean; connected: boolean }> =>
    this.#ask({ type: 'connections', peer });

  kill(): Promise<void> {
    return this.#process.kill();
  }

  #ask<T>(command: HostCommand): Promise<T> {
    return this.#process.ask(command);
  }
}
