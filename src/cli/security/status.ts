import type { ExaminationView, SecurityView } from '#node';
import { askNode, type NodeFlags, nodeCommand, print, printJson, printTable } from '../chain/api.ts';
import { formatBytes } from '../progress.ts';

/** `bitorch security status`: the safety of models and the examination queue of a running node. */
export const statusCommand = nodeCommand(
  'status',
  'show the state of every model and the examination queue',
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
  } else print('No models are known yet.');
  if (examiner) printExaminer(examiner);
});

function printExaminer({ ruleset, newer, rescan, queue }: NonNullable<SecurityView['examiner']>): void {
  print(`\nRules: ${ruleset.name} ${ruleset.version}`);
  if (newer)
    print(
      `${newer.from} has version ${newer.version}: install it with bitorch security update --from ADDRESS`,
    );
  if (rescan) {
    print(
      `Version ${rescan.version} affects ${rescan.touched} models, ${rescan.done} re-examined; ` +
        `${rescan.untouched} unaffected`,
    );
  }
  if (queue.length === 0) {
    print('All models on the network have been examined.');
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
