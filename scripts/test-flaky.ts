/**
 * Repeats tests beside busy cores: `npm run test:flaky -- FILE [FILE …] [--times 30] [--busy CORES]`. A test that passes
 * only on a quiet machine fails here. Prints what each failure said, ends with 1 if there was one.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: 'string', default: '30' },
    busy: { type: 'string', default: `${availableParallelism()}` },
  },
});
const [times, busy] = [Number(values.times), Number(values.busy)];
if (files.length === 0 || !(times > 0) || !(busy >= 0)) {
  process.stderr.write('usage: npm run test:flaky -- FILE [FILE …] [--times 30] [--busy CORES]\n');
  process.exit(2);
}

for (let core = 0; core < busy; core++) new Worker('for (;;);', { eval: true });

const run = (file: string): Promise<{ passed: boolean; output: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['scripts/test.ts', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.on('close', (code) => resolve({ passed: code === 0, output }));
  });

let failures = 0;
for (const file of files) {
  let failedHere = 0;
  for (let time = 1; time <= times; time++) {
    const { passed, output } = await run(file);
    if (passed) continue;
    failedHere++;
    process.stdout.write(`── ${file}: run ${time} of ${times} failed\n${output}\n`);
  }
  failures += failedHere;
  process.stdout.write(`${file}: ${times - failedHere} of ${times} passed beside ${busy} busy cores\n`);
}
process.exit(failures > 0 ? 1 : 0);
