import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Measured, MeasurementView, Role } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { RoleCards } from '../settings/role-cards.tsx';
import { changeRoles, sameRoles } from '../settings/roles.tsx';
import { Form } from '../shell/form.tsx';
import { AgainIcon } from '../shell/icons.tsx';
import { connection } from '../state/live.ts';
import { settings } from '../state/settings.ts';
import { measure, setup } from '../state/setup.ts';
import type { StepProps } from './wizard.tsx';

export function RolesStep({ view, onDone }: StepProps) {
  const step = view.steps.find(({ name }) => name === 'roles');
  const chosen = useSignal<readonly Role[]>([]);
  const touched = useSignal(false);
  // What the measurement proposes, until a choice was made.
  useSignalEffect(() => {
    const [offers, now] = [setup.value?.roles, settings.value?.roles];
    if (!offers || !now || touched.value) return;
    const wasChosen = step?.blocked !== undefined || step?.state === 'done';
    chosen.value = wasChosen ? now : offers.flatMap(({ role, proposed }) => (proposed ? [role] : []));
  });
  const save = async () => {
    const now = settings.peek()?.roles ?? [];
    if (!step?.blocked && !sameRoles(chosen.peek(), now)) await changeRoles(chosen.peek());
    await onDone();
  };
  return (
    <>
      <p>
        Everybody gives a little of what the network needs. Choose what suits you; you can change it at any
        time.
      </p>
      <Measurement view={view.measurement} />
      {step?.blocked && <p class="notice">{format.sentence(step.blocked)}</p>}
      <Form action="Continue" onSubmit={save}>
        <RoleCards
          chosen={chosen}
          offers={view.roles}
          fixed={step?.blocked !== undefined}
          onTouched={() => (touched.value = true)}
        />
      </Form>
    </>
  );
}

/** Measures this computer for about ten seconds, and says what it found. */
function Measurement({ view }: { view: MeasurementView }) {
  const { state, progress, doing, result, problem } = view;
  const live = connection.value === 'live';
  useEffect(() => {
    if (live && state === 'none') void measure().catch(() => undefined);
  }, [live, state]);
  if (state === 'running' || state === 'none') {
    return (
      <label class="step">
        <span role="status">{format.sentence(doing ?? 'measuring this computer')}</span>
        <progress max={1} value={progress ?? 0} />
      </label>
    );
  }
  return (
    <div class="line">
      <p class="muted small">
        {result ? found(result) : format.sentence(problem ?? 'the measurement failed')}
      </p>
      <button type="button" class="quiet" onClick={() => void measure().catch(() => undefined)}>
        <AgainIcon />
        Measure again
      </button>
    </div>
  );
}

function found({ cpu, memory, disk, up, down }: Measured): string {
  const rates = [
    ...(down.bytesPerSecond === null ? [] : [`${format.rate(down.bytesPerSecond)} down`]),
    ...(up.bytesPerSecond === null ? [] : [`${format.rate(up.bytesPerSecond)} up`]),
  ];
  return [
    format.count(cpu.cores, 'processor core'),
    `${cpu.msPerToken.toFixed(1)} ms for a word piece of ${cpu.reference}`,
    `${format.bytes(memory.freeBytes)} of memory free`,
    `${format.bytes(disk.freeBytes)} of disk free`,
    ...rates,
  ].join(' · ');
}
