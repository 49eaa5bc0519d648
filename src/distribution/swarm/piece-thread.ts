import { Worker } from 'node:worker_threads';

/** A part of a piece that belongs to one file. The file stays open until the job is done. */
export interface PieceRun {
  descriptor: number;
  fileOffset: number;
  bufferOffset: number;
  length: number;
}

export interface PieceJob {
  /** In shared memory, so that the thread reads it in place. */
  bytes: Uint8Array;
  sha1: Uint8Array;
  runs: readonly PieceRun[];
}

export type PieceResult = { good: boolean } | { error: unknown };

/** Hashes pieces and writes the valid ones in a worker thread, in the order of the calls. */
export class PieceThread {
  readonly #waiting: PromiseWithResolvers<boolean>[] = [];
  #worker: Worker | undefined;

  /**
   * Resolves to whether the piece matches its hash; if so, it has been written to the operating system. Rejects when
   * writing fails.
   */
  keep(job: PieceJob): Promise<boolean> {
    this.#worker ??= this.#begin();
    this.#worker.postMessage(job);
    const answer = Promise.withResolvers<boolean>();
    this.#waiting.push(answer);
    return answer.promise;
  }

  /** Call once all jobs are done. */
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
