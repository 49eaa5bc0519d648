import { LimitsForm } from '../settings/limits.tsx';
import { settings } from '../state/settings.ts';
import type { StepProps } from './wizard.tsx';

export function LimitsStep({ onDone }: StepProps) {
  return (
    <>
      <p>Without limits, Bitorch takes what it needs. What you set here, it keeps to.</p>
      {settings.value && <LimitsForm view={settings.value} action="Continue" onSaved={onDone} />}
    </>
  );
}
