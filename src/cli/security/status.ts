import type { ExaminationView, SecurityView } from '#node';
import { askNode, type NodeFlags, nodeCommand, print, printJson, printTable } from '../chain/api.ts';
import { formatBytes } from '../progress.ts';

/** `bitorch security status`: how far a running node is with examining, by new rules as well. */
export const statusCommand = nodeCommand(
  'status',
  'the state of every model, and what a security node examines now and next',
).action(async (flags: NodeFlags) => {
  const security = await askNode<SecurityView>(flags, '/api/security');
  if (flags.json) {
    printJson(security);
    return;
  }
  const { models, examiner } = security;
  if (models.length > 0) {
    printTable([
      ['MODEL', 'STATE', 'REPORT'],
      ...models.map(({ name, state, attestations }) => [
        name,
        state,
        [...new Set(attestations.map(({ check }) => check.state))].join(', ') || '-',
      ]),
    ]);
  } else print('No model is known yet.');
  if (examiner) printExaminer(examiner);
});

function printExaminer({ ruleset, newer, rescan, queue }: NonNullable<SecurityView['examiner']>): void {
  print(`\nRules: ${ruleset.name} ${ruleset.version}`);
  if (newer)
    print(
      `Version ${newer.version} is at ${newer.from}: take it with bitorch security update --from ADDRESS`,
    );
  if (rescan) {
    print(
      `Version ${rescan.version} touches ${rescan.touched} models, ${rescan.done} are examined again; ` +
        `${rescan.untouched} are as they were`,
    );
  }
  if (queue.length === 0) {
    print('Every model that somebody holds is examined.');
    return;
  }
  print('\nQueue:');
  printTable([
    ['MODEL', 'RUNS ON', 'HELD BY', 'WHY', 'NOW'],
    ...queue.map((entry) => [
      entry.name,
      String(entry.running),
      String(entry.holders),
      entry.affected ?? entry.reason,
      stepOf(entry),
    ]),
  ]);
}

function stepOf({ step, problem }: ExaminationView): string {
  if (!step) return problem ?? 'waits';
  const { name, done, total, unit } = step;
  if (total === 0) return name;
  return unit === 'bytes'
    ? `${name}: ${formatBytes(done)} of ${formatBytes(total)}`
    : `${name}: ${done} of ${total} ${unit}`;
}
