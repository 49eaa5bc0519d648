import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseMetainfo } from '#distribution';
import { hashFiles, MiB, temporaryDirectory } from '../../support/swarm.ts';
import { IN_NAMESPACE, whatIsMissing } from '../../support/transmission.ts';

const script = join(import.meta.dirname, '../../support/transmission-process.ts');

/** Runs a transfer to its end, or for as long as `signal` allows. */
async function transfer(role: 'seed' | 'leech', home: string, signal: AbortSignal): Promise<void> {
  await mkdir(home);
  const [program, ...options] = IN_NAMESPACE;
  const args = [...options, process.execPath, script, role, home, String(24 * MiB + 5)];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], signal });
  const [status] = await once(child, 'exit');
  assert.equal(status, 0);
}

const missing = whatIsMissing();

test('Transmission downloads from our seeder, and we from it', {
  skip: missing,
  timeout: 150_000,
}, async (t) => {
  const home = await temporaryDirectory(t);
  const roles = ['seed', 'leech'] as const;
  await Promise.all(roles.map((role) => transfer(role, join(home, role), t.signal)));
  for (const role of roles) {
    const metainfo = parseMetainfo(new Uint8Array(await readFile(join(home, role, 'm.torrent'))));
    const got = await hashFiles(join(home, role, 'leech/model'), metainfo);
    assert.deepEqual(got, await hashFiles(join(home, role, 'seed/model'), metainfo), role);
  }
});
