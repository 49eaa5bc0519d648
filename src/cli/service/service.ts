import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { BitorchError, codeOf, readTextFile, writeFileAtomic } from '#base';
import { explain } from '../explain.ts';
import { keptOptions, type ServiceDefinition } from './definition.ts';
import type { ServiceState, ServiceSystem, SystemCommand } from './systems.ts';

/** Exit code and output of a command; its output is standard output and error together. */
export type RunCommand = (command: SystemCommand) => Promise<{ code: number; output: string }>;

/** The node as a service of the operating system, under the user's account. */
export class Service {
  readonly #system: ServiceSystem;
  readonly #run: RunCommand;

  constructor(system: ServiceSystem, run: RunCommand = runCommand) {
    this.#system = system;
    this.#run = run;
  }

  get system(): ServiceSystem {
    return this.#system;
  }

  /** Throws SERVICE_UNAVAILABLE, which says what to do, where the system keeps no services for this user's session. */
  async demandSystem(): Promise<void> {
    const { name, probe, advice } = this.#system;
    const { code, output } = await this.#run(probe);
    if (code === 0) return;
    const reason = output.trim().split('\n')[0] || `"${probe.join(' ')}" failed`;
    throw new BitorchError('SERVICE_UNAVAILABLE', `${name} cannot be used here (${reason}): ${advice}`);
  }

  /** The options of the installed service; undefined when none is installed. */
  async options(): Promise<string[] | undefined> {
    const text = await this.#definition();
    return text === undefined ? undefined : (keptOptions(text) ?? []);
  }

  /** State of the service; undefined when it is not installed. */
  async state(): Promise<ServiceState | undefined> {
    if ((await this.#definition()) === undefined) return undefined;
    const { query, stateOf } = this.#system;
    const { code, output } = await this.#run(query);
    return stateOf(code, output);
  }

  /**
   * Writes the definition, has the service started now and at every login, and replaces one that was there. Throws
   * SERVICE_UNAVAILABLE and SERVICE_FAILED.
   */
  async install(definition: ServiceDefinition): Promise<void> {
    await this.demandSystem();
    const { path, text, encoding, clear, start } = this.#system;
    for (const command of clear) await this.#run(command);
    await writeFileAtomic(path, Buffer.from(text(definition), encoding), 0o600);
    for (const command of start) await this.#must(command);
  }

  /** Stops the service and removes all that `install` made. Returns whether one was installed. */
  async remove(): Promise<boolean> {
    const { path, clear, forget } = this.#system;
    if ((await this.#definition()) === undefined) return false;
    await this.demandSystem();
    for (const command of clear) await this.#run(command);
    await rm(path, { force: true });
    for (const command of forget) await this.#run(command);
    return true;
  }

  async #definition(): Promise<string | undefined> {
    const { path } = this.#system;
    try {
      return await readTextFile(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #must(command: SystemCommand): Promise<void> {
    const { code, output } = await this.#run(command);
    if (code === 0) return;
    throw new BitorchError(
      'SERVICE_FAILED',
      `"${command.join(' ')}" failed: ${output.trim() || `code ${code}`}`,
    );
  }
}

/** Runs a command of the operating system. A program that is missing counts as code 127, as in a shell. */
export function runCommand([program, ...args]: SystemCommand): ReturnType<RunCommand> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 90_000, windowsHide: true }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`;
      if (!error) resolve({ code: 0, output });
      else if (typeof error.code === 'number') resolve({ code: error.code, output });
      else resolve({ code: 127, output: output || explain(error).message });
    });
  });
}
