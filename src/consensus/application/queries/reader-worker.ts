/** The worker side of `ReaderThread`: answers questions one at a time, each from a snapshot. */
import { parentPort, workerData } from 'node:worker_threads';
import { codeOf, messageOf, threadCpuMs } from '#base';
import { openLmdbStore } from '#store';
import { yieldToOthers } from '../verification/yield-to-others.ts';
import { answerIn } from './answers.ts';
import type { ReaderQuestion, ReaderReply } from './reader-thread.ts';

yieldToOthers();

const store = openLmdbStore((workerData as { path: string }).path);

parentPort!.on('message', (message: ReaderQuestion | 'stop') => {
  if (message === 'stop') void store.close().then(() => parentPort!.close());
  else parentPort!.postMessage(replyTo(message));
});

function replyTo({ number, asked, pool }: ReaderQuestion): ReaderReply {
  const began = threadCpuMs();
  const snapshot = store.snapshot();
  try {
    return { number, answer: { ...answerIn(snapshot, pool, asked), costMs: threadCpuMs() - began } };
  } catch (error) {
    return { number, error: { code: codeOf(error), message: messageOf(error) } };
  } finally {
    snapshot.close();
  }
}
