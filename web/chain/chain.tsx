import type { ComponentChildren } from 'preact';
import type { ChainView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Term } from '../shell/term.tsx';
import { chain } from '../state/chain.ts';
import { connection } from '../state/live.ts';
import { Blocks } from './blocks.tsx';
import { FinalityChart } from './finality-chart.tsx';
import { healthOf } from './health.ts';
import { Supply } from './supply.tsx';
import { Validators } from './validators.tsx';

/** The chain as your node sees it, block by block. */
export function ChainPage() {
  const view = chain.value;
  if (!view) {
    return (
      <p class="splash" role="status">
        Waiting for the chain…
      </p>
    );
  }
  return (
    <>
      <h2>
        Chain{' '}
        <span class="muted" dir="auto">
          {view.network}
        </span>
        {view.test && <span class="tag">test network: coins have no value</span>}
      </h2>
      <Lead view={view} />
      <State view={view} />
      <Figures view={view} />
      <div class="columns">
        <div>
          <FinalityChart blocks={view.blocks} />
          <Blocks view={view} />
        </div>
        <div>
          <Validators view={view} />
          <Supply view={view} />
        </div>
      </div>
    </>
  );
}

/** How the chain does, in one sentence. */
function Lead({ view }: { view: ChainView }) {
  const { state, sentence } = healthOf(view, connection.value === 'live');
  const dot = { well: 'live', busy: 'unknown', bad: 'lost' }[state];
  return (
    <p class="lead" role="status">
      <span class="dot" data-state={dot} /> {sentence}
    </p>
  );
}

/** Reports problems and progress; renders nothing while all is well. */
function State({ view }: { view: ChainView }) {
  const { state, problem, height, bestHeight } = view;
  if (state === 'halted') {
    return (
      <div class="notice notice-bad" role="alert">
        <strong>The chain is halted.</strong>{' '}
        {problem ??
          'Two different final blocks exist at one height. Run "bitorch chain blame" to see who signed both.'}
      </div>
    );
  }
  return (
    <>
      {state === 'syncing' && (
        <label class="step notice">
          <span>Your node is catching up</span>
          <span class="number">
            block {height.toLocaleString('en')} of {bestHeight.toLocaleString('en')}
          </span>
          <progress max={bestHeight || 1} value={height} />
        </label>
      )}
      {problem && (
        <p class="notice notice-bad" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function Figures({ view }: { view: ChainView }) {
  const active = view.validators.filter((validator) => validator.active).length;
  return (
    <dl class="figures">
      <Figure name="Height" value={view.height.toLocaleString('en')} note={`round ${view.round}`} />
      <Figure
        name={<Term of="finality">Finality</Term>}
        value={view.finalityMs === undefined ? '–' : format.duration(view.finalityMs)}
        note={
          view.intervalMs === undefined
            ? 'median'
            : `median; a block every ${format.duration(view.intervalMs)}`
        }
      />
      <Figure
        name={<Term of="validator">Validators</Term>}
        value={String(active)}
        note={format.count(view.peers, 'peer')}
      />
      <Figure
        name={<Term of="mempool">Mempool</Term>}
        value={view.mempool.transactions.toLocaleString('en')}
        note={`transactions, ${format.bytes(view.mempool.bytes)}`}
      />
      <Figure
        name={<Term of="baseFee">Base fee</Term>}
        value={`${BigInt(view.fee.base).toLocaleString('en')} sparks`}
        note="per byte; burned"
      />
      <Figure
        name={<Term of="epoch">Epoch</Term>}
        value={String(view.epoch.number)}
        note={`${format.count(view.epoch.blocksLeft, 'block')} left`}
      />
    </dl>
  );
}

function Figure({ name, value, note }: { name: ComponentChildren; value: string; note: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class="value">{value}</span>
        <span class="muted small">{note}</span>
      </dd>
    </div>
  );
}
