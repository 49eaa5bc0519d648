/**
 * Decoding and prefill of the default model beside llama.cpp, split over three processes, and what receipts cost:
 * `npm run bench:decode`. `--write` puts the report into docs/benchmarks.md, `--seconds N` is how long to measure before
 * perplexity; at least one round is measured.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultModelPath } from '../test/support/model.ts';
import { measurePerplexity } from './decode/perplexity.ts';
import { report } from './decode/report.ts';
import { measure } from './decode/rounds.ts';
import { Samples } from './decode/samples.ts';
import { textTokens } from './decode/workload.ts';

const PEERS = join(import.meta.dirname, 'peers');
const DOCUMENT = join(import.meta.dirname, '../docs/benchmarks.md');
const [BEGIN, END] = ['<!-- bench:decode begin -->', '<!-- bench:decode end -->'];

const { values: flags } = parseArgs({
  options: { write: { type: 'boolean', default: false }, seconds: { type: 'string', default: '160' } },
});

/** The version of llama.cpp's binding, installed when it is not there yet. */
function installPeers(): string {
  if (!existsSync(join(PEERS, 'node_modules/node-llama-cpp'))) {
    console.log('Installing what the bench compares with, 120 MB');
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--silent'], {
      cwd: PEERS,
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`npm ci in ${PEERS} failed: see above`);
  }
  const { dependencies } = JSON.parse(readFileSync(join(PEERS, 'package.json'), 'utf8'));
  return dependencies['node-llama-cpp'];
}

/** Replaces this bench's part of the document, or appends it. */
async function write(text: string): Promise<void> {
  const document = existsSync(DOCUMENT) ? await readFile(DOCUMENT, 'utf8') : '# Benchmarks\n';
  const part = `${BEGIN}\n\n${text}\n\n${END}`;
  const [before, after] = [document.indexOf(BEGIN), document.indexOf(END)];
  const updated =
    before < 0
      ? `${document.trimEnd()}\n\n## Decode\n\n${part}\n`
      : document.slice(0, before) + part + document.slice(after + END.length);
  await writeFile(DOCUMENT, updated);
}

const peerVersion = installPeers();
const gguf = await defaultModelPath();
const tokens = await textTokens(gguf);
const threads = [...new Set([1, availableParallelism()])];
const samples = new Samples();
for (const count of threads) {
  console.log(`Measuring with ${count} thread${count > 1 ? 's' : ''}`);
  await measure({ gguf, tokens, threads: count }, Number(flags.seconds) / threads.length, samples);
}
console.log('Measuring perplexity\n');
const perplexity = await measurePerplexity({ gguf, tokens, threads: availableParallelism() });
const text = report({ samples, threads, perplexity, peerVersion });
console.log(text);
if (flags.write) await write(text);
