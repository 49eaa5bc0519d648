import type { AuditResult } from '../../src/node/api/node-api.ts';
import { blockRange, shortHash } from '../format.ts';
import { CheckIcon, CrossIcon, DashIcon } from '../shell/icons.tsx';
import { audits } from '../state/live.ts';

const WORDS = {
  pending: 'Verifying…',
  passed: 'Verified',
  failed: 'Verification failed',
  unavailable: 'Not verified',
} as const;

/** Whether an auditor computed the same bits; expands to show the stage, the auditor and both hashes. */
export function AuditBadge({ answerId }: { answerId: string }) {
  const audit = audits.value.get(answerId) ?? PENDING;
  return (
    <details class="audit" data-state={audit.state}>
      <summary>
        <Mark state={audit.state} />
        {WORDS[audit.state]}
      </summary>
      <div class="audit-body">
        <p>{audit.summary}</p>
        {audit.stage && <Evidence audit={audit} />}
      </div>
    </details>
  );
}

const PENDING: Pick<AuditResult, 'state' | 'summary' | 'stage'> = {
  state: 'pending',
  summary: 'Another node is recomputing part of this answer.',
};

function Mark({ state }: { state: AuditResult['state'] }) {
  if (state === 'passed') return <CheckIcon />;
  if (state === 'failed') return <CrossIcon />;
  if (state === 'unavailable') return <DashIcon />;
  return <span class="pulse" />;
}

function Evidence({ audit }: { audit: Partial<AuditResult> }) {
  const { stage, auditor, from, to, signed, recomputed } = audit;
  return (
    <dl>
      {stage && (
        <>
          <dt>Audited stage</dt>
          <dd>
            {stage.name}, blocks {blockRange(stage)}
          </dd>
        </>
      )}
      {auditor && (
        <>
          <dt>Auditor</dt>
          <dd>{auditor.name}</dd>
        </>
      )}
      {from !== undefined && to !== undefined && (
        <>
          <dt>Positions</dt>
          <dd>{blockRange({ first: from, end: to })}</dd>
        </>
      )}
      {signed && <Hash name="Signed hash" hex={signed} />}
      {recomputed && <Hash name="Recomputed hash" hex={recomputed} />}
    </dl>
  );
}

function Hash({ name, hex }: { name: string; hex: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code title={hex}>{shortHash(hex)}</code>
      </dd>
    </>
  );
}
