/** The program that runs in the sandbox: one task from the standard input, frames to the standard output. */
import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { check, codeOf, decodeCanonical, messageOf } from '#base';
import { encodeFrame, type TrialFrame, taskSchema } from './messages.ts';
import { tryModel } from './passes.ts';

const MAX_TASK_BYTES = 64 * 2 ** 20;

function tell(frame: TrialFrame): void {
  const bytes = encodeFrame(frame);
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(1, bytes, sent);
}

async function standardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Opens each file once, read-only. */
function reader(root: string) {
  const files = new Map<string, ReturnType<typeof open>>();
  return async (file: string, offset: number, length: number): Promise<Uint8Array> => {
    const opened = files.get(file) ?? open(join(root, file), 'r');
    files.set(file, opened);
    const bytes = new Uint8Array(length);
    const { bytesRead } = await (await opened).read(bytes, 0, length, offset);
    if (bytesRead !== length) throw new Error(`${file} ends before byte ${offset + length}`);
    return bytes;
  };
}

try {
  const task = check(
    taskSchema,
    decodeCanonical(await standardInput(), MAX_TASK_BYTES, { items: 1 << 20 }),
    'task',
  );
  const onProgress = (done: number, total: number) => tell({ type: 'progress', done, total });
  tell(await tryModel(task, { read: reader(task.root), onProgress }));
  process.exit(0);
} catch (error) {
  tell({ type: 'failure', code: codeOf(error).slice(0, 64), message: messageOf(error).slice(0, 1024) });
  process.exit(1);
}
