import type { ChainView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { chain } from '../state/chain.ts';
import { Blocks } from './blocks.tsx';
import { FinalityChart } from './finality-chart.tsx';
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
        Chain <span class="muted">{view.network}</span>
        {view.test && <span class="tag">test network: coins have no value</span>}
      </h2>
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
      {state === 'starting' && (
        <p class="notice" role="status">
          Your node is starting and looking for peers on this chain.
        </p>
      )}
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
        name="Finality"
        value={view.finalityMs === undefined ? '–' : format.duration(view.finalityMs)}
        note={
          view.intervalMs === undefined
            ? 'median'
            : `median; a block every ${format.duration(view.intervalMs)}`
        }
      />
      <Figure name="Validators" value={String(active)} note={format.count(view.peers, 'peer')} />
      <Figure
        name="Mempool"
        value={view.mempool.transactions.toLocaleString('en')}
        note={`transactions, ${format.bytes(view.mempool.bytes)}`}
      />
      <Figure
        name="Base fee"
        value={`${BigInt(view.fee.base).toLocaleString('en')} sparks`}
        note="per byte; burned"
      />
      <Figure
        name="Epoch"
        value={String(view.epoch.number)}
        note={`${format.count(view.epoch.blocksLeft, 'block')} left`}
      />
    </dl>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note: string }) {
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
