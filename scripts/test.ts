/**
 * Runs the test tiers one after the other and fails if any fails: `node scripts/test.ts [tier|file …]`.
 * Fast tiers share one process; tiers that start nodes, browsers or foreign programs isolate each file. A socket, timer or
 * process that outlives its test fails the run.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const TIERS = [
  { name: 'unit', isolated: false },
  { name: 'property', isolated: false },
  { name: 'vectors', isolated: false },
  { name: 'swarm', isolated: true },
  { name: 'interop', isolated: true },
  { name: 'e2e', isolated: true },
] as const;

function run(files: string[], isolated: boolean): boolean {
  const flags = [
    '--test',
    `--test-isolation=${isolated ? 'process' : 'none'}`,
    '--test-concurrency=1',
    '--test-timeout=300000',
  ];
  const { status } = spawnSync(process.execPath, [...flags, '--test-reporter=spec', ...files], {
    stdio: 'inherit',
  });
  return status === 0;
}

const asked = process.argv.slice(2);
const files = asked.filter((name) => name.endsWith('.ts'));
let passed = files.length === 0 || run(files, true);
for (const tier of TIERS) {
  if (files.length > 0 || (asked.length > 0 && !asked.includes(tier.name))) continue;
  const tests = globSync(`test/${tier.name}/**/*.test.ts`).sort();
  if (tests.length > 0) passed = run(tests, tier.isolated) && passed;
}
process.exit(passed ? 0 : 1);
