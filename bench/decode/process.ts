import { type ChildProcess, fork } from 'node:child_process';
import type { Reply, Request, Setup, Task, Values } from './engine.ts';

/** Engines of the bench in a process of their own, so that flags, heaps and threads do not mix. */
export class EngineProcess {
  readonly #child: ChildProcess;

  private constructor(script: URL) {
    this.#child = fork(script);
  }

  static async start(script: URL, setup: Setup): Promise<EngineProcess> {
    const engine = new EngineProcess(script);
    try {
      await engine.#ask({ kind: 'load', setup });
      return engine;
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  /** Does the task with each engine of the process. */
  run(task: Task): Promise<Values> {
    return this.#ask(task);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }

  #ask(request: Request): Promise<Values> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`an engine ended with code ${code}`));
      this.#child.once('exit', ended);
      this.#child.once('message', (reply: Reply) => {
        this.#child.off('exit', ended);
        if ('error' in reply) reject(new Error(reply.error));
        else resolve(reply.values);
      });
      this.#child.send(request);
    });
  }
}
