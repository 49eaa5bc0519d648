/** The program that runs in the sandbox: reads one task from standard input and writes frames to standard output. */
import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { check, codeOf, decodeCanonical, messageOf } from '#base';
import { FilePool } from '#formats';
import { encodeFrame, MODEL_PATH, type TrialFrame, taskSchema } from './messages.ts';
import { runModel } from './run-model.ts';

const MAX_TASK_BYTES = 64 * 2 ** 20;

function send(frame: TrialFrame): void {
  const bytes = encodeFrame(frame);
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(1, bytes, sent);
}

async function standardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Reads a byte of every file below a folder. Throws file system errors. */
function checkReadable(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) checkReadable(path);
    else {
      const file = openSync(path, 'r');
      readSync(file, new Uint8Array(1), 0, 1, 0);
      closeSync(file);
    }
  }
}

const pool = new FilePool();
const read = (file: string, offset: number, length: number): Promise<Uint8Array> =>
  pool.source(join(MODEL_PATH, file), offset + length).read(offset, length);

// A failure here is the sandbox's fault: without the ready frame nothing is concluded about the model.
checkReadable(MODEL_PATH);
send({ type: 'ready' });
try {
  const task = check(
    taskSchema,
    decodeCanonical(await standardInput(), MAX_TASK_BYTES, { items: 1 << 20 }),
    'task',
  );
  const onProgress = (done: number, total: number) => send({ type: 'progress', done, total });
  send(await runModel(task, { read, onProgress }));
  process.exit(0);
} catch (error) {
  send({ type: 'failure', code: codeOf(error).slice(0, 64), message: messageOf(error).slice(0, 1024) });
  process.exit(1);
}
