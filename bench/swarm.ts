/**
 * 1 seeder and 3 leechers of 1 GiB on this machine, beside aria2 in the same minutes: `npm run bench:swarm`.
 * `node bench/swarm.ts [MiB] [runs]` for other sizes. Prints a table for docs/benchmarks.md. Linux only.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '#base';
import { createMetainfo, Tracker } from '#distribution';

const LEECHERS = 3;
const [mebibytes = 1024, runs = 3] = process.argv.slice(2).map(Number);

/** Compiled modules are kept from run to run, as those of the bitorch command are. */
const ENVIRONMENT = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'bitorch-bench-modules') };

interface Torrent {
  file: string;
  size: number;
  seedDirectory: string;
  tracker: string;
  sha256: string;
}

interface Result {
  /** Seconds until every leecher had verified all pieces, and all files. */
  pieces: number;
  files: number;
  /** CPU seconds of seeder and leechers until then. */
  cpuPieces: number;
  cpuFiles: number;
  /** Bytes that the seeder sent, in sizes of the torrent; NaN where the engine does not tell. */
  seederRatio: number;
}

/** One process of an engine and what it says, line by line. */
class Program {
  readonly process: ChildProcess;
  readonly #lines: string[] = [];

  constructor(command: string, args: string[]) {
    this.process = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: ENVIRONMENT });
    createInterface({ input: this.process.stdout! }).on('line', (line) => this.#lines.push(line));
  }

  async saw(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.#lines.find((text) => pattern.test(text));
      if (line !== undefined) return line;
      if (this.process.exitCode !== null)
        throw new Error(`${this.process.spawnfile} ended: ${this.#lines.at(-1)}`);
      await sleep(5);
    }
  }

  /** CPU seconds so far, user and system, children that ended included. */
  get cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('close', resolve));
    this.process.kill('SIGTERM');
    await ended;
  }
}

const cpuOf = (programs: Program[]) => programs.reduce((sum, program) => sum + program.cpuSeconds, 0);

async function runOurs(torrent: Torrent, home: string): Promise<Result> {
  const script = (name: string) => join(import.meta.dirname, 'swarm', name);
  const seeder = new Program(process.execPath, [
    script('seeder.ts'),
    torrent.file,
    torrent.seedDirectory,
    torrent.tracker,
  ]);
  await seeder.saw(/^ready/);
  const cpuBefore = seeder.cpuSeconds;
  const start = performance.now();
  const leechers = Array.from({ length: LEECHERS }, (_, n) => {
    const args = [
      script('leecher.ts'),
      torrent.file,
      join(home, `ours-${n}`),
      torrent.tracker,
      torrent.sha256,
    ];
    return new Program(process.execPath, args);
  });
  const all = [seeder, ...leechers];
  await Promise.all(leechers.map((leecher) => leecher.saw(/^pieces/)));
  const [pieces, cpuPieces] = [(performance.now() - start) / 1000, cpuOf(all) - cpuBefore];
  await Promise.all(leechers.map((leecher) => leecher.saw(/^files/)));
  const [files, cpuFiles] = [(performance.now() - start) / 1000, cpuOf(all) - cpuBefore];
  for (const program of all) await program.stop();
  const sent = Number(await seeder.saw(/^\d+$/));
  return { pieces, files, cpuPieces, cpuFiles, seederRatio: sent / torrent.size };
}

/** aria2 hashes pieces only; for the files it is followed by sha256sum, as its users do. */
async function runAria2(torrent: Torrent, home: string): Promise<Result> {
  const hook = join(home, 'complete.sh');
  writeFileSync(hook, '#!/bin/sh\necho complete\n', { mode: 0o755 });
  const aria2 = (directory: string, ...more: string[]) =>
    new Program('aria2c', [
      ...['--no-conf', '--enable-dht=false', '--enable-dht6=false', '--enable-peer-exchange=false'],
      ...['--seed-ratio=0', '--file-allocation=none', '--summary-interval=1', '--console-log-level=warn'],
      ...['--on-bt-download-complete', hook, ...more, '-d', directory, torrent.file],
    ]);
  const seeder = aria2(torrent.seedDirectory, '--bt-seed-unverified=true');
  await seeder.saw(/SEED/);
  const cpuBefore = seeder.cpuSeconds;
  const start = performance.now();
  const directories = Array.from({ length: LEECHERS }, (_, n) => join(home, `aria2-${n}`));
  const leechers = directories.map((directory) => aria2(directory));
  const all = [seeder, ...leechers];
  const checks = leechers.map(async (leecher, n) => {
    await leecher.saw(/^complete/);
    return join(directories[n]!, 'data.bin');
  });
  const outputs = await Promise.all(checks);
  const [pieces, cpuPieces] = [(performance.now() - start) / 1000, cpuOf(all) - cpuBefore];
  const sums = outputs.map((path) => new Program('bash', ['-c', `sha256sum ${path}; times; sleep 60`]));
  await Promise.all(sums.map((sum) => sum.saw(new RegExp(`^${torrent.sha256}`))));
  await sleep(20);
  const [files, cpuFiles] = [(performance.now() - start) / 1000, cpuOf([...all, ...sums]) - cpuBefore];
  for (const program of [...all, ...sums]) await program.stop();
  return { pieces, files, cpuPieces, cpuFiles, seederRatio: Number.NaN };
}

async function makeTorrent(home: string, trackerUrl: string): Promise<Torrent> {
  const seedDirectory = join(home, 'seed');
  mkdirSync(seedDirectory);
  const hash = createHash('sha256');
  const file = openSync(join(seedDirectory, 'data.bin'), 'w');
  for (let n = 0; n < mebibytes; n++) {
    const chunk = randomBytes(1024 * 1024);
    hash.update(chunk);
    writeSync(file, chunk);
  }
  closeSync(file);
  const metainfo = await createMetainfo({
    directory: seedDirectory,
    files: ['data.bin'],
    name: 'data.bin',
    trackers: [trackerUrl],
  });
  const path = join(home, 'data.torrent');
  writeFileSync(path, metainfo.bytes);
  console.log(`${mebibytes} MiB in ${metainfo.pieceCount} pieces of ${metainfo.pieceLength / 1024} KiB`);
  return {
    file: path,
    size: metainfo.length,
    seedDirectory,
    tracker: trackerUrl,
    sha256: toHex(hash.digest()),
  };
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

function row(name: string, results: Result[], size: number): string {
  const of = (key: keyof Result) => median(results.map((result) => result[key]));
  const rate = (seconds: number) => ((LEECHERS * size) / seconds / 1e6).toFixed(0);
  const ratio = Number.isNaN(of('seederRatio')) ? '–' : of('seederRatio').toFixed(2);
  const cells = [name, of('pieces').toFixed(1), rate(of('pieces')), of('cpuPieces').toFixed(1)];
  cells.push(of('files').toFixed(1), rate(of('files')), of('cpuFiles').toFixed(1), ratio);
  return `| ${cells.join(' | ')} |`;
}

async function main(): Promise<void> {
  execFileSync('aria2c', ['--version'], { stdio: 'ignore' });
  const home = mkdtempSync(join(tmpdir(), 'bitorch-bench-'));
  const engines = { ours: runOurs, aria2: runAria2 };
  const results: Record<keyof typeof engines, Result[]> = { ours: [], aria2: [] };
  const tracker = new Tracker({});
  await tracker.start();
  try {
    const torrent = await makeTorrent(home, tracker.announceUrl);
    for (let run = 0; run < runs; run++) {
      for (const name of ['ours', 'aria2'] as const) {
        const directory = join(home, `${name}-${run}`);
        mkdirSync(directory);
        // What the run before has left to write would be written in this one's time.
        execFileSync('sync');
        const result = await engines[name](torrent, directory);
        results[name].push(result);
        console.log(name, JSON.stringify(result));
        rmSync(directory, { recursive: true });
      }
    }
    console.log(
      `\n${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}, ${new Date().toISOString()}\n`,
    );
    console.log(
      '| engine | pieces verified: s | MB/s | CPU s | files verified too: s | MB/s | CPU s | seeder sent |',
    );
    console.log('|---|--:|--:|--:|--:|--:|--:|--:|');
    console.log(row('Bitorch', results.ours, torrent.size));
    console.log(row('aria2', results.aria2, torrent.size));
    const times = (mine: 'pieces' | 'files', theirs: 'pieces' | 'files') => {
      const ratios = results.ours.map((ours, run) => results.aria2[run]![theirs] / ours[mine]);
      return `${median(ratios).toFixed(2)}×`;
    };
    console.log(
      `\nPieces alone: ${times('pieces', 'pieces')} of aria2. Pieces and files on both sides: ` +
        `${times('files', 'files')}. Pieces and files against aria2 without files: ${times('files', 'pieces')}.`,
    );
  } finally {
    await tracker.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

await main();
