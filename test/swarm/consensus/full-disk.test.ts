import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { TinyDisk } from '../../support/consensus/tiny-disk.ts';

const PROGRAM = join(import.meta.dirname, '../../support/consensus/full-disk-program.ts');

test('all that a node writes refuses a full disk with its reason, loses nothing, and goes on when there is space', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bitorch-full-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const disk = await TinyDisk.make(folder, 64 << 20);
  if (typeof disk === 'string') {
    console.log(`skipped: ${disk}`);
    return t.skip(disk);
  }
  t.after(() => disk.stop());
  const [command, ...args] = [...disk.prefix, process.execPath, PROGRAM, folder];
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const done = ['journal', 'lastSignature', 'blocks', 'state', 'wallet', 'snapshots'];
  assert.deepEqual(output.trim().split('\n'), done, errors);
});
