import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CheckView, DoctorView } from '../../src/node/api/node-api.ts';
import { call } from '../api/call.ts';
import * as format from '../format.ts';
import { CopyButton } from '../shell/copy-button.tsx';
import { AgainIcon, CheckIcon, CrossIcon, DashIcon } from '../shell/icons.tsx';
import { connection } from '../state/live.ts';

const NAMES: Readonly<Record<CheckView['name'], string>> = {
  node: 'Bitorch',
  network: 'Network',
  addresses: 'Addresses',
  reach: 'Reachable',
  clock: 'Clock',
  disk: 'Disk',
  ports: 'Ports',
  engine: 'Arithmetic',
  sandbox: 'Sandbox',
  chain: 'Chain',
};
const WORDS = { ok: 'all right', note: 'nothing to do', problem: 'a problem' } as const;

/** What `bitorch doctor` finds. */
export function Health() {
  const report = useSignal<DoctorView | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const look = async () => {
    report.value = undefined;
    problem.value = undefined;
    try {
      report.value = await call<DoctorView>('/api/doctor');
    } catch (error) {
      problem.value = (error as Error).message;
    }
  };
  const live = connection.value === 'live';
  useEffect(() => {
    if (live) void look();
  }, [live]);
  return (
    <section class="panel" aria-labelledby="health-heading">
      <h3 id="health-heading">Check-up</h3>
      {problem.value && <p role="alert">{problem.value}</p>}
      {report.value ? (
        <Report report={report.value} onAgain={() => void look()} />
      ) : (
        !problem.value && (
          <p class="muted" role="status">
            Looking at network, clock, disk and arithmetic…
          </p>
        )
      )}
    </section>
  );
}

function Report({ report, onAgain }: { report: DoctorView; onAgain: () => void }) {
  const problems = report.checks.filter(({ state }) => state === 'problem').length;
  return (
    <>
      <p role="status">
        {report.healthy
          ? 'Everything is in order.'
          : `${format.count(problems, 'thing needs', 'things need')} your attention.`}
      </p>
      <ul class="checks">
        {report.checks.map((check, i) => (
          <Check key={i} check={check} />
        ))}
      </ul>
      <p class="buttons buttons-start">
        <button type="button" class="quiet" onClick={onAgain}>
          <AgainIcon />
          Check again
        </button>
        <CopyButton text={textOf(report)} label="Copy the report" />
      </p>
      <p class="muted small">
        The report names no keys, no public addresses and nothing of your conversations. You can publish it
        when you ask for help.
      </p>
    </>
  );
}

const ICONS = { ok: CheckIcon, note: DashIcon, problem: CrossIcon } as const;

function Check({ check: { name, state, text, fix } }: { check: CheckView }) {
  const Icon = ICONS[state];
  return (
    <li data-state={state}>
      <Icon />
      <div>
        <strong>{NAMES[name]}</strong>
        <span class="visually-hidden">: {WORDS[state]}</span>
        <p dir="auto">{format.sentence(text)}</p>
        {fix && (
          <p class="fix" dir="auto">
            {format.sentence(fix)}
          </p>
        )}
      </div>
    </li>
  );
}

/** The lines that `bitorch doctor` prints. */
const textOf = ({ checks }: DoctorView): string =>
  checks
    .flatMap(({ name, state, text, fix }) => [
      `${(state === 'note' ? '-' : state).padEnd(8)} ${name.padEnd(10)} ${text}`,
      ...(fix === undefined ? [] : [`${' '.repeat(20)}fix: ${fix}`]),
    ])
    .join('\n');
