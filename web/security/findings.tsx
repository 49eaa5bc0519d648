import type { FindingSeverity, FindingView } from '../../src/node/api/node-api.ts';

/** Explanation of each severity. */
const MEANING: Readonly<Record<FindingSeverity, string>> = {
  critical: 'attacks anyone who opens it',
  high: 'misleading or broken',
  medium: 'not allowed on this network',
  low: 'worth knowing',
};

/** Findings, worst first, each with its reason and fix. */
export function Findings({ findings }: { findings: readonly FindingView[] }) {
  if (findings.length === 0) return null;
  return (
    <ul class="findings" aria-label="Findings">
      {findings.map((finding, i) => (
        <li key={`${i}:${finding.rule}`} class="finding" data-severity={finding.severity}>
          <p class="line">
            <strong>{finding.title}</strong>
            <span class="severity" title={MEANING[finding.severity]}>
              {finding.severity}
            </span>
          </p>
          {(finding.file || finding.detail) && (
            <p class="small where">
              {finding.file && <code>{finding.file}</code>}
              {finding.place && <span> at {finding.place}</span>}
              {finding.detail && <span>: {finding.detail}</span>}
            </p>
          )}
          <p class="small">{finding.why}</p>
          <p class="small">
            <strong>What to do:</strong> {finding.fix}
          </p>
          {finding.source !== 'scanner' && finding.source !== 'trial' && (
            <p class="muted small">Found by {finding.source}</p>
          )}
        </li>
      ))}
    </ul>
  );
}
