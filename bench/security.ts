/**
 * `npm run bench:security`: generated attacks and clean files, the rate of scanning beside reading and hashing the same
 * file, memory. Exit code 1 when a bar is missed; `-- --race` measures the rate only.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileAccess, inBuffer, safetensorsHeader } from '#formats';
import { builtInRuleset, scan } from '#security';
import { CLEAN, FAMILIES, Random } from '../test/support/attacks/index.ts';

const SAMPLES = 50;
const ROUNDS = 5;
const GIGABYTE = 1e9;
const CHUNK = 4 << 20;
const seed = Number(process.env.SEED ?? randomBytes(4).readUInt32LE());
const ruleset = await builtInRuleset();
const say = (line: string) => process.stdout.write(`${line}\n`);

async function judge(): Promise<boolean> {
  let missed = 0;
  for (const [n, family] of FAMILIES.entries()) {
    const random = new Random(seed + n);
    for (let run = 0; run < SAMPLES; run++) {
      const { path, bytes } = family.make(random);
      const { verdict } = await scan([{ path, source: inBuffer(bytes) }], ruleset);
      if (verdict === 'refused') continue;
      missed++;
      say(`missed: ${family.name}, ${path}, run ${run}`);
    }
  }
  let wrong = 0;
  for (const [n, [name, make]] of CLEAN.entries()) {
    const random = new Random(seed + n);
    for (let run = 0; run < SAMPLES; run++) {
      const { path, bytes } = make(random);
      const { verdict, files } = await scan([{ path, source: inBuffer(bytes) }], ruleset);
      if (verdict === 'clean') continue;
      wrong++;
      say(`false alarm: ${name}, ${path}: ${JSON.stringify(files[0]!.findings)}`);
    }
  }
  const attacks = FAMILIES.length * SAMPLES;
  say(`refused ${attacks - missed} of ${attacks} attacks of ${FAMILIES.length} families (SEED=${seed})`);
  say(`false alarms: ${wrong} of ${CLEAN.length * SAMPLES} clean files`);
  return missed === 0 && wrong === 0;
}

function writeModel(path: string): void {
  const rows = Math.floor(GIGABYTE / 16 / 8192);
  const tensors = Array.from({ length: 16 }, (_, n) => ({
    name: `layer.${n}.weight`,
    dtype: 'BF16',
    shape: [rows, 4096],
  }));
  const file = openSync(path, 'w');
  writeSync(file, safetensorsHeader(tensors).header);
  const block = randomBytes(8192 * 128);
  for (let left = 16 * rows * 8192; left > 0; left -= block.length)
    writeSync(file, block, 0, Math.min(left, block.length));
  fsyncSync(file);
  closeSync(file);
}

function readAndHash(path: string): number {
  const started = performance.now();
  const file = openSync(path, 'r');
  const hash = createHash('sha256');
  const chunk = new Uint8Array(CHUNK);
  for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk))
    hash.update(chunk.subarray(0, bytes));
  hash.digest();
  closeSync(file);
  return performance.now() - started;
}

async function scanFile(path: string): Promise<number> {
  const started = performance.now();
  const source = await fileAccess(path);
  const { verdict } = await scan([{ path: 'model.safetensors', source }], ruleset);
  await source.close();
  if (verdict !== 'clean') throw new Error('the model of the bench is not clean');
  return performance.now() - started;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Bytes by which this process grows at most, in a run of its own: looking takes time. */
async function memoryOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  await work();
  clearInterval(watch);
  return peak - before;
}

async function race(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-security-'));
  const path = join(folder, 'model.safetensors');
  try {
    writeModel(path);
    readAndHash(path);
    await scanFile(path);
    const pairs: [number, number][] = [];
    for (let round = 0; round < ROUNDS; round++) pairs.push([readAndHash(path), await scanFile(path)]);
    const grown = await memoryOf(() => scanFile(path));
    const rate = (milliseconds: number) =>
      `${(statSync(path).size / 1e6 / (milliseconds / 1000)).toFixed(0)} MB/s`;
    const ratio = median(pairs.map(([plain, scanned]) => plain / scanned));
    say(
      `1 GB safetensors: read + sha-256 ${rate(median(pairs.map(([plain]) => plain)))}, scan ${rate(median(pairs.map(([, scanned]) => scanned)))}`,
    );
    say(
      `scan at ${ratio.toFixed(2)} × the rate of read + sha-256 (median of ${ROUNDS} pairs; the bar is 0.9)`,
    );
    say(`memory grew by ${(grown / 2 ** 20).toFixed(0)} MiB at most (the bar is 64)`);
    return ratio >= 0.9 && grown <= 64 * 2 ** 20;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const judged = process.argv.includes('--race') || (await judge());
const raced = await race();
process.exit(judged && raced ? 0 : 1);
