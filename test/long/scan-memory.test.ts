import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { writeGguf, writeOnnx, writePickle, writeTokenizer, writeZip } from '../support/large/files.ts';

const MAX_GROWTH = 64 << 20;
const SCAN = new URL('../support/large/scan-memory.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'scan-memory-'));
after(() => rmSync(folder, { recursive: true }));

interface Scanned {
  grown: number;
  verdict: string;
  kind: string;
}

/** Scans a file in a process of its own, with a nursery of known size: V8's default is as large as the bound. */
async function scanAlone(path: string): Promise<Scanned> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-semi-space-size=4', SCAN, path]);
  return JSON.parse(stdout) as Scanned;
}

const FILES: readonly (readonly [
  name: string,
  kind: string,
  verdict: string,
  write: (path: string) => void,
])[] = [
  ['tokenizer.json', 'json', 'clean', (path) => writeTokenizer(path, 256_000)],
  ['vocabulary.gguf', 'gguf', 'clean', (path) => writeGguf(path, 256_000, 60_000)],
  ['graph.onnx', 'onnx', 'clean', (path) => writeOnnx(path, 1_000_000, 900)],
  ['members.zip', 'archive', 'refused', (path) => writeZip(path, 65_536)],
  ['objects.pkl', 'pickle', 'refused', (path) => writePickle(path, 170_000)],
];

for (const [name, kind, verdict, write] of FILES) {
  test(`scanning ${name} takes at most 64 MiB`, async () => {
    const path = join(folder, name);
    write(path);
    const scanned = await scanAlone(path);
    assert.deepEqual([scanned.kind, scanned.verdict], [kind, verdict]);
    assert.ok(scanned.grown < MAX_GROWTH, `${(scanned.grown / 2 ** 20).toFixed(1)} MiB`);
    rmSync(path);
  });
}
