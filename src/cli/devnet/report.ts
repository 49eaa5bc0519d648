import type { AuditResult, Hop, TransferView } from '#node';
import { formatBytes } from '../progress.ts';
import type { Answer } from './client.ts';

/** Which node ran which blocks, and how fast the answer came. */
export function formatAnswer(answer: Answer): string {
  const route = ['you', ...answer.hops.map(formatHop), 'you'].join(' → ');
  const speed = `${answer.tokens} tokens, ${answer.tokensPerSecond.toFixed(1)} tokens/s, first after ${answer.timeToFirstTokenMs.toFixed(0)} ms`;
  return `  route  ${route}\n  speed  ${speed}`;
}

const formatHop = ({ name, first, end }: Hop): string => `${name} (blocks ${first}–${end - 1})`;

/** What each node fetched from whom. */
export function formatTransfers(transfers: readonly { node: string; transfer: TransferView }[]): string {
  const lines = transfers.map(({ node, transfer }) => {
    const from = transfer.peers.filter(({ downloaded }) => downloaded > 0);
    const parts = from.map(({ name, downloaded }) => `${formatBytes(downloaded)} from ${name}`);
    const have = `${formatBytes(transfer.bytesHave)} of ${formatBytes(transfer.bytesTotal)} on disk`;
    return `  ${node.padEnd(8)} ${have}; fetched ${parts.join(', ') || 'nothing'}`;
  });
  return lines.join('\n');
}

export function formatAudit(audit: AuditResult): string {
  const marks = {
    passed: '✔ audit passed',
    failed: '✘ AUDIT FAILED',
    unavailable: '– not audited',
    pending: '… audit pending',
  };
  const hash = audit.recomputed ? ` (${audit.recomputed.slice(0, 16)}…)` : '';
  return `  ${marks[audit.state]}: ${audit.summary}${hash}`;
}
