import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { SetupStep, SetupView } from '../../src/node/api/node-api.ts';
import { addressOfStep, record, setup, skipAll } from '../state/setup.ts';
import { part } from '../state/view.ts';
import { Done } from './done.tsx';
import { LimitsStep } from './limits.tsx';
import { NetworkStep } from './network.tsx';
import { ReachStep } from './reach.tsx';
import { RolesStep } from './roles.tsx';
import { WalletStep } from './wallet.tsx';

/** The screens of the steps. */
const SCREENS = {
  network: { title: 'Join a network', Body: NetworkStep },
  roles: { title: 'What should this computer do?', Body: RolesStep },
  limits: { title: 'How much may it give?', Body: LimitsStep },
  wallet: { title: 'Your wallet', Body: WalletStep },
  reach: { title: 'Can others reach it?', Body: ReachStep },
} as const;

/** The setup of a new computer, a step a screen. It can be left and taken up again: the node records what is done. */
export function Wizard() {
  const view = setup.value;
  if (!view) {
    return (
      <p class="splash" role="status">
        Loading the setup…
      </p>
    );
  }
  const names = view.steps.map(({ name }) => name);
  const asked = names.find((name) => name === part.value);
  const step = part.value === 'done' ? undefined : (asked ?? view.next ?? undefined);
  return (
    <div class="single wizard">
      <Progress view={view} current={step} />
      {step ? (
        <Screen key={step} view={view} step={step} />
      ) : (
        <Screen key="done" view={view} title={view.next ? 'Almost done' : 'This computer is set up'}>
          <Done view={view} />
        </Screen>
      )}
    </div>
  );
}

export interface StepProps {
  view: SetupView;
  /** Records the step and goes on. */
  onDone: () => Promise<void>;
}

type ScreenProps = { view: SetupView } & (
  | { step: SetupStep; title?: never; children?: never }
  | { step?: never; title: string; children: ComponentChildren }
);

function Screen({ view, step, title, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  const shown = step && SCREENS[step];
  return (
    <>
      <h2 ref={heading} tabIndex={-1}>
        {shown?.title ?? title}
      </h2>
      {shown ? <shown.Body view={view} onDone={() => leave(view, step, 'done')} /> : children}
      {step && <Navigation view={view} step={step} />}
    </>
  );
}

/** Records what became of a step, and shows the one after it. */
async function leave({ steps }: SetupView, step: SetupStep, state: 'done' | 'skipped'): Promise<void> {
  const names = steps.map(({ name }) => name);
  location.hash = addressOfStep(names[names.indexOf(step) + 1]);
  await record({ [step]: state });
}

function Navigation({ view, step }: { view: SetupView; step: SetupStep }) {
  const names = view.steps.map(({ name }) => name);
  const before = names[names.indexOf(step) - 1];
  const skipped = view.steps.find(({ name }) => name === step)?.state !== 'done';
  return (
    <div class="wizard-foot">
      {before && (
        <a class="button" href={addressOfStep(before)}>
          Back
        </a>
      )}
      <button
        type="button"
        class="quiet"
        onClick={() => void leave(view, step, skipped ? 'skipped' : 'done')}
      >
        {skipped ? 'Skip this step' : 'Next'}
      </button>
      <button
        type="button"
        class="quiet wizard-end"
        onClick={() => {
          location.hash = '#/chat';
          void skipAll();
        }}
      >
        Skip the setup
      </button>
    </div>
  );
}

const STATES = { open: 'open', done: 'done', skipped: 'skipped' } as const;

/** The steps as a row of bars. */
function Progress({ view, current }: { view: SetupView; current: SetupStep | undefined }) {
  const at = view.steps.findIndex(({ name }) => name === current) + 1;
  return (
    <div class="wizard-head">
      <p class="muted small">{at > 0 ? `Step ${at} of ${view.steps.length}` : 'All steps'}</p>
      <ol class="steps">
        {view.steps.map(({ name, state }) => (
          <li key={name} data-state={state} aria-current={name === current ? 'step' : undefined}>
            <a href={addressOfStep(name)} title={`${SCREENS[name].title} (${STATES[state]})`}>
              <span class="visually-hidden">
                {SCREENS[name].title} ({STATES[state]})
              </span>
            </a>
          </li>
        ))}
      </ol>
    </div>
  );
}
