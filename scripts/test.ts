/**
 * Runs the test tiers one after the other and fails if any fails: `node scripts/test.ts [tier|file …]`.
 * Fast tiers share one process; tiers that start nodes, browsers or foreign programs isolate each file. Only where foreign
 * programs or browsers take part may something linger; elsewhere a socket or timer that outlives its test fails the run.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const TIERS = [
  { name: 'unit', isolated: false, mayLinger: false },
  { name: 'property', isolated: false, mayLinger: false },
  { name: 'vectors', isolated: false, mayLinger: false },
  { name: 'swarm', isolated: true, mayLinger: false },
  { name: 'interop', isolated: true, mayLinger: true },
  { name: 'e2e', isolated: true, mayLinger: true },
] as const;

function run(files: string[], isolated: boolean, mayLinger: boolean): boolean {
  const flags = [
    '--test',
    ...(mayLinger ? ['--test-force-exit'] : []),
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
let passed = files.length === 0 || run(files, true, false);
for (const tier of TIERS) {
  if (files.length > 0 || (asked.length > 0 && !asked.includes(tier.name))) continue;
  const tests = globSync(`test/${tier.name}/**/*.test.ts`).sort();
  if (tests.length > 0) passed = run(tests, tier.isolated, tier.mayLinger) && passed;
}
process.exit(passed ? 0 : 1);
