import * as format from '../format.ts';
import { Term } from '../shell/term.tsx';
import { lastAudit, lastSpeed, working } from '../state/chat.ts';
import { connection, model, network } from '../state/live.ts';
import { CoverageBar } from './bars.tsx';
import { computersOf, coverageOf } from './coverage.ts';
import { hueOf } from './hues.ts';
import { CurrentStep } from './network.tsx';

/** The network in one line, "3 computers · checked · 41 tok/s", which opens. */
export function Strip() {
  return (
    <details class="strip">
      <summary>
        <span class="dot" data-state={dot()} />
        <span>{words().join(' · ')}</span>
      </summary>
      <div class="strip-body">
        <CurrentStep />
        <Computers />
        <p class="small">
          <a href="#/network">The whole network</a>
        </p>
      </div>
    </details>
  );
}

const CHECKS = {
  pending: 'checking',
  passed: 'checked',
  failed: 'check failed',
  unavailable: 'not checked',
} as const;

function words(): string[] {
  if (connection.value === 'lost') return ['offline'];
  const [view, chosen] = [network.value, model.value];
  if (!view) return ['connecting'];
  if (!chosen) return ['no model yet'];
  const computers = format.count(computersOf(chosen, view.nodes).size, 'computer');
  if (!chosen.available) return [computers, 'some blocks missing'];
  const audit = lastAudit.value;
  const speed = lastSpeed.value;
  return [
    computers,
    ...(audit ? [CHECKS[audit.state]] : []),
    ...(speed ? [`${Math.round(speed)} tok/s`] : []),
  ];
}

function dot(): 'live' | 'lost' | 'unknown' {
  if (connection.value !== 'live') return 'unknown';
  return model.value?.available && lastAudit.value?.state !== 'failed' ? 'live' : 'lost';
}

/** Who runs which blocks of the chosen model, each in the colour of its chip. */
function Computers() {
  const [view, chosen] = [network.value, model.value];
  if (!view || !chosen) return <p class="muted">Nothing runs here yet.</p>;
  const running = computersOf(chosen, view.nodes);
  const served = coverageOf(chosen, view.nodes).filter((nodes) => nodes > 0).length;
  return (
    <>
      <p class="small">
        <strong dir="auto">{chosen.name}</strong> is split over {format.count(running.size, 'computer')} by
        its <Term of="blocks">blocks</Term>. Each answer is <Term of="checked">checked</Term>.
      </p>
      <CoverageBar
        model={chosen}
        nodes={view.nodes}
        working={working.value}
        label={`${served} of ${chosen.layers} blocks of ${chosen.name} are served`}
      />
      <ul class="legend">
        {view.nodes.flatMap(({ id, name, self, holdings }) =>
          holdings.flatMap(({ modelId, blocks }) =>
            modelId === chosen.id && blocks ? (
              <li key={id} data-hue={hueOf(id)}>
                <strong dir="auto">{self ? 'Your computer' : name}</strong>{' '}
                <span class="muted">{format.blockRange(blocks)}</span>
              </li>
            ) : (
              []
            ),
          ),
        )}
      </ul>
    </>
  );
}
