import { effect, signal } from '@preact/signals';
import type { MeasurementView, SetupChange, SetupStep, SetupView } from '../../src/node/api/node-api.ts';
import { ApiError, call } from '../api/call.ts';
import { connection } from './live.ts';
import { showToast } from './toast.ts';

type Steps = SetupChange['steps'];

const POLL_MS = 500;

/** The first-run setup; undefined until the node has told it. */
export const setup = signal<SetupView | undefined>(undefined);

/** Steps that the node has not recorded yet: it may be starting again. */
let unrecorded: Steps = {};

effect(() => {
  if (connection.value === 'live') void refresh();
});

effect(() => {
  if (setup.value?.measurement.state === 'running') setTimeout(() => void refresh(), POLL_MS);
});

/** Records what became of steps, as soon as the node takes it. */
export async function record(steps: Steps): Promise<void> {
  unrecorded = { ...unrecorded, ...steps };
  await refresh();
}

/** Skips every step that is still open. */
export function skipAll(): Promise<void> {
  const open = setup.peek()?.steps.filter(({ state }) => state === 'open') ?? [];
  return record(Object.fromEntries(open.map(({ name }) => [name, 'skipped'])));
}

/** Starts a measurement unless one runs. */
export async function measure(): Promise<void> {
  const measurement = await call<MeasurementView>('/api/setup/measurement', undefined, 'POST');
  if (setup.peek()) setup.value = { ...setup.peek()!, measurement };
}

async function refresh(): Promise<void> {
  const steps = unrecorded;
  const isFirst = setup.peek() === undefined;
  try {
    const hasSteps = Object.keys(steps).length > 0;
    setup.value = await (hasSteps
      ? call<SetupView>('/api/setup', { steps }, 'PATCH')
      : call<SetupView>('/api/setup'));
    if (unrecorded === steps) unrecorded = {};
    if (isFirst) openOnFirstRun(setup.peek()!);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === 'OFFLINE') return;
    unrecorded = {};
    showToast({ text: error.message });
  }
}

/** A computer without a network, on which nothing was set up, begins with the setup. */
function openOnFirstRun({ hasNetwork, steps }: SetupView): void {
  if (location.hash === '' && !hasNetwork && steps.every(({ state }) => state === 'open'))
    location.replace('#/setup');
}

/** The address of a step; of the end without one. */
export const addressOfStep = (step: SetupStep | undefined): string => `#/setup/${step ?? 'done'}`;
