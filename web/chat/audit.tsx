import type { Signal } from '@preact/signals';
import type { AuditResult } from '../../src/node/api/node-api.ts';
import { blockRange, shortHash } from '../format.ts';
import { CheckIcon, CrossIcon, DashIcon } from '../shell/icons.tsx';

const WORDS = {
  pending: 'Verifying…',
  passed: 'Verified',
  failed: 'Verification failed',
  unavailable: 'Not verified',
} as const;

export type Audit = Pick<AuditResult, 'state' | 'summary'> & Partial<AuditResult>;

export const PENDING: Audit = {
  state: 'pending',
  summary: 'Another computer is repeating part of this answer.',
};

/** Whether an auditor computed the same bits; opens the evidence. */
export function AuditBadge({ audit, open }: { audit: Audit; open: Signal<boolean> }) {
  return (
    <button
      type="button"
      class="audit"
      data-state={audit.state}
      aria-expanded={open.value}
      onClick={() => (open.value = !open.value)}
    >
      <Mark state={audit.state} />
      {WORDS[audit.state]}
    </button>
  );
}

function Mark({ state }: { state: AuditResult['state'] }) {
  if (state === 'passed') return <CheckIcon />;
  if (state === 'failed') return <CrossIcon />;
  if (state === 'unavailable') return <DashIcon />;
  return <span class="pulse" />;
}

/** The stage, the auditor and both hashes. */
export function Evidence({ audit }: { audit: Audit }) {
  const { stage, auditor, from, to, signed, recomputed } = audit;
  return (
    <>
      {stage && (
        <>
          <dt>Repeated work</dt>
          <dd>
            blocks {blockRange(stage)} of <bdi>{stage.name}</bdi>
            {from !== undefined && to !== undefined && `, positions ${blockRange({ first: from, end: to })}`}
          </dd>
        </>
      )}
      {auditor && (
        <>
          <dt>Auditor</dt>
          <dd>
            <bdi>{auditor.name}</bdi>
          </dd>
        </>
      )}
      {signed && <Hash name="Signed hash" hex={signed} />}
      {recomputed && <Hash name="Recomputed hash" hex={recomputed} />}
    </>
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
