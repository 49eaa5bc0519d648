/**
 * The converter that runs in the sandbox: writes the file to standard output and the outcome as the last line of
 * standard error.
 */
import { writeSync } from 'node:fs';
import { check, decodeCanonical, messageOf } from '#base';
import { fileAccess } from '#formats';
import { convertCheckpoint } from './convert.ts';
import { CHECKPOINT_PATH, type ConvertOutcome, MAX_TASK_BYTES, taskSchema } from './messages.ts';

const OUTPUT = 1;

async function standardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function write(bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(OUTPUT, bytes, sent);
}

async function convert(): Promise<ConvertOutcome> {
  const pickle = check(
    taskSchema,
    decodeCanonical(await standardInput(), MAX_TASK_BYTES, { items: 1 << 20 }),
    'task',
  );
  return convertCheckpoint(await fileAccess(CHECKPOINT_PATH), { pickle }, write);
}

const outcome = await convert().catch((error: unknown) => ({ refused: messageOf(error) }));
process.stderr.write(`\n${JSON.stringify(outcome)}\n`, () => process.exit('refused' in outcome ? 1 : 0));
