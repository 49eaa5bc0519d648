import { Worker } from 'node:worker_threads';

/** Bytes of a piece that go to one file, which stays open until the job is answered. */
export interface PieceRun {
  descriptor: number;
  fileOffset: number;
  bufferOffset: number;
  length: number;
}

export interface PieceJob {
  /** In shared memory: the thread reads them where they are. */
  bytes: Uint8Array;
  sha1: Uint8Array;
  runs: readonly PieceRun[];
}

export type PieceResult = { good: boolean } | { error: unknown };

/** Hashes pieces and writes the good ones in a thread, one after the other, in the order of the calls. */
export class PieceThread {
  readonly #waiting: PromiseWithResolvers<boolean>[] = [];
  #worker: Worker | undefined;

  /** Resolves to whether the piece has its hash; if so, the operating system has it. Rejects when the disk refuses. */
  keep(job: PieceJob): Promise<boolean> {
    this.#worker ??= this.#begin();
    this.#worker.postMessage(job);
    const answer = Promise.withResolvers<boolean>();
    this.#waiting.push(answer);
    return answer.promise;
  }

  /** To be called once all jobs are answered. */
  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #begin(): Worker {
    const worker = new Worker(new URL('./piece-worker.ts', import.meta.url), { execArgv: [] });
    worker.on('message', (result: PieceResult) => {
      const answer = this.#waiting.shift()!;
      if ('error' in result) answer.reject(result.error);
      else answer.resolve(result.good);
    });
    worker.on('error', (error) => {
      this.#worker = undefined;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
    return worker;
  }
}
