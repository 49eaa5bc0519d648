import { useState } from 'preact/hooks';
import type { AttestationView, ReportView } from '../../src/node/api/node-api.ts';
import { call } from '../api/call.ts';
import * as format from '../format.ts';
import { Scrolls } from '../shell/scrolls.tsx';

/** Files that are displayed; the API response has all of them. */
const MAX_SHOWN = 500;

const CHECKS: Readonly<Record<AttestationView['check']['state'], { word: string; tag: string }>> = {
  waiting: { word: 'being fetched', tag: 'tag' },
  agrees: { word: 'checked', tag: 'tag tag-ok' },
  contradicts: { word: 'contradicts', tag: 'tag tag-bad' },
  missing: { word: 'unavailable', tag: 'tag' },
};

/** The report that a security node signed: whether this node has checked it, and its contents on demand. */
export function Report({ attestation: { report: hash, check } }: { attestation: AttestationView }) {
  const { word, tag } = CHECKS[check.state];
  return (
    <>
      <code title={hash}>{format.shortHash(hash)}</code> <span class={tag}>{word}</span>
      {check.problems.map((problem) => (
        <p key={problem} class="small problem">
          {problem}
        </p>
      ))}
      {(check.state === 'agrees' || check.state === 'contradicts') && <FullReport hash={hash} />}
    </>
  );
}

function FullReport({ hash }: { hash: string }) {
  const [report, setReport] = useState<ReportView | string | undefined>(undefined);
  const load = () =>
    call<ReportView>(`/api/security/reports/${hash}`).then(setReport, (error: Error) =>
      setReport(error.message),
    );
  if (report === undefined) {
    return (
      <p>
        <button type="button" class="small" onClick={load}>
          Show full report
        </button>
      </p>
    );
  }
  if (typeof report === 'string') return <p class="small problem">{report}</p>;
  return (
    <Scrolls label="Files of the report">
      <table>
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Kind</th>
            <th scope="col">Size</th>
            <th scope="col">SHA-256</th>
            <th scope="col">Findings</th>
          </tr>
        </thead>
        <tbody>
          {report.files.slice(0, MAX_SHOWN).map((file) => (
            <tr key={file.path}>
              <th scope="row">{file.path}</th>
              <td>{file.kind}</td>
              <td class="number">{format.bytes(file.size)}</td>
              <td>
                <code title={file.sha256}>{format.shortHash(file.sha256)}</code>
              </td>
              <td>{findingsOf(file)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {report.files.length > MAX_SHOWN && (
        <p class="muted small">{format.count(report.files.length - MAX_SHOWN, 'more file')} in the report.</p>
      )}
    </Scrolls>
  );
}

function findingsOf({ findings, omitted }: ReportView['files'][number]): string {
  if (findings.length === 0) return 'none';
  const rules = [...new Set(findings.map(({ rule, severity }) => `${rule} (${severity})`))].join(', ');
  return omitted > 0 ? `${rules}, ${omitted} more` : rules;
}
