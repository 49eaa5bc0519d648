import { useSignal } from '@preact/signals';
import type { BlockView, ChainView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Empty } from '../shell/empty.tsx';
import { Scrolls } from '../shell/scrolls.tsx';
import { validatorName } from '../state/chain.ts';
import { type BlockRow, foldEmpty } from './fold.ts';

/** The newest blocks, one row each; blocks without transactions are folded. */
export function Blocks({ view }: { view: ChainView }) {
  const unfolded = useSignal(false);
  const rows = unfolded.value
    ? view.blocks.map((block): BlockRow => ({ kind: 'block', block }))
    : foldEmpty(view.blocks);
  return (
    <section class="panel" aria-labelledby="blocks-heading">
      <div class="line">
        <h3 id="blocks-heading">Recent blocks</h3>
        {view.blocks.some(({ transactions }) => transactions === 0) && (
          <button
            type="button"
            class="quiet"
            aria-pressed={unfolded.value}
            onClick={() => (unfolded.value = !unfolded.value)}
          >
            {unfolded.value ? 'Fold empty blocks' : 'Show empty blocks'}
          </button>
        )}
      </div>
      {view.blocks.length === 0 ? (
        <Empty>
          No block yet. The first one needs validators with more than two thirds of the voting power online.
        </Empty>
      ) : (
        <Scrolls label="Table of recent blocks">
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">
                  Height
                </th>
                <th scope="col">Proposer</th>
                <th scope="col" class="number">
                  Transactions
                </th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col" class="number">
                  Final after
                </th>
                <th scope="col">Block</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) =>
                row.kind === 'block' ? (
                  <Row key={row.block.height} block={row.block} view={view} />
                ) : (
                  <EmptyRow key={`empty ${row.last}`} row={row} />
                ),
              )}
            </tbody>
          </table>
        </Scrolls>
      )}
    </section>
  );
}

function EmptyRow({ row: { first, last, blocks } }: { row: Extract<BlockRow, { kind: 'empty' }> }) {
  const times = blocks.flatMap(({ finalityMs }) => finalityMs ?? []);
  const [least, most] = [Math.min(...times), Math.max(...times)];
  const heights =
    first === last ? last.toLocaleString('en') : `${first.toLocaleString('en')}–${last.toLocaleString('en')}`;
  return (
    <tr class="muted">
      <th scope="row" class="number">
        {heights}
      </th>
      <td colSpan={2}>{format.count(blocks.length, 'empty block')}</td>
      <td class="number">{format.bytes(blocks.reduce((sum, { bytes }) => sum + bytes, 0))}</td>
      <td class="number">
        {times.length === 0
          ? '–'
          : least === most
            ? format.duration(least)
            : `${format.duration(least)} to ${format.duration(most)}`}
      </td>
      <td />
    </tr>
  );
}

function Row({ block, view }: { block: BlockView; view: ChainView }) {
  const { height, id, time, proposer, transactions, bytes, round, finalityMs } = block;
  return (
    <tr>
      <th scope="row" class="number">
        {height.toLocaleString('en')}
      </th>
      <td>
        <bdi>{validatorName(view.validators, proposer)}</bdi>
        {round > 0 && <span class="muted"> in round {round}</span>}
      </td>
      <td class="number">{transactions}</td>
      <td class="number">{format.bytes(bytes)}</td>
      <td class="number">{finalityMs === undefined ? '–' : format.duration(finalityMs)}</td>
      <td>
        <code title={`${id}, ${new Date(time).toLocaleString('en-GB')}`}>{format.shortHash(id)}</code>
      </td>
    </tr>
  );
}
