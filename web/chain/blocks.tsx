import type { BlockView, ChainView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Scrolls } from '../shell/scrolls.tsx';
import { validatorName } from '../state/chain.ts';

/** The newest blocks, one row each. */
export function Blocks({ view }: { view: ChainView }) {
  return (
    <section class="panel" aria-labelledby="blocks-heading">
      <h3 id="blocks-heading">Recent blocks</h3>
      {view.blocks.length === 0 ? (
        <p class="muted">
          No block yet. The first one needs validators with more than two thirds of the voting power online.
        </p>
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
              {view.blocks.map((block) => (
                <Row key={block.height} block={block} view={view} />
              ))}
            </tbody>
          </table>
        </Scrolls>
      )}
    </section>
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
        {validatorName(view.validators, proposer)}
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
