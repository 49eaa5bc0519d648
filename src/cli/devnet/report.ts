import { cleanLines } from '#base';
import type { AuditResult, Hop, SecurityView, TransferView } from '#node';
import { formatBytes } from '../progress.ts';
import type { Answer } from './client.ts';

/** Route and speed of an answer. */
export function formatAnswer(answer: Answer): string {
  const route = ['you', ...answer.hops.map(formatHop), 'you'].join(' → ');
  const speed = `${answer.tokens} tokens, ${answer.tokensPerSecond.toFixed(1)} tokens/s, first after ${answer.timeToFirstTokenMs.toFixed(0)} ms`;
  return cleanLines(`  route  ${route}\n  speed  ${speed}`);
}

const formatHop = ({ name, first, end }: Hop): string => `${name} (blocks ${first}–${end - 1})`;

/** Which security nodes examined the models, and how. */
export function formatSafety({ models }: SecurityView): string {
  const lines = models.flatMap(({ name, attestations }) =>
    attestations.map(({ authority, verdict, ruleset, files, trial, engines }) => {
      const run =
        trial.state === 'passed' ? `run in the sandbox for ${(trial.timeMs / 1000).toFixed(1)} s` : 'not run';
      const why = trial.state === 'passed' ? '' : ` (${trial.note})`;
      const beside = engines.map((engine) => `${engine.name} ${engine.state}`).join(', ');
      const how = `${files} ${files === 1 ? 'file' : 'files'}, rules ${ruleset.name} ${ruleset.version}, ${run}${why}; ${beside}`;
      return `  safety ${name}: scanned and ${verdict} by ${authority.name} (${how})`;
    }),
  );
  return cleanLines(lines.join('\n'));
}

/** How much each node fetched, and from which peers. */
export function formatTransfers(transfers: readonly { node: string; transfer: TransferView }[]): string {
  const lines = transfers.map(({ node, transfer }) => {
    const from = transfer.peers.filter(({ downloaded }) => downloaded > 0);
    const parts = from.map(({ name, downloaded }) => `${formatBytes(downloaded)} from ${name}`);
    const have = `${formatBytes(transfer.bytesHave)} of ${formatBytes(transfer.bytesTotal)} on disk`;
    return `  ${node.padEnd(8)} ${have}; fetched ${parts.join(', ') || 'nothing'}`;
  });
  return cleanLines(lines.join('\n'));
}

export function formatAudit(audit: AuditResult): string {
  const marks = {
    passed: '✔ audit passed',
    failed: '✘ AUDIT FAILED',
    unavailable: '– not audited',
    pending: '… audit pending',
  };
  const hash = audit.recomputed ? ` (${audit.recomputed.slice(0, 16)}…)` : '';
  return cleanLines(`  ${marks[audit.state]}: ${audit.summary}${hash}`);
}
