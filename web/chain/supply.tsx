import type { ChainView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Scrolls } from '../shell/scrolls.tsx';

/** The supply: minted = burned + private + public. */
export function Supply({ view }: { view: ChainView }) {
  const { minted, burned, shielded, open } = view.supply;
  const rows = [
    ['Minted', minted, 'as rewards, and in the genesis of a test network'],
    ['Burned', burned, 'base fees, and part of each settlement'],
    ['Private', shielded, 'held in wallets; owners are hidden'],
    ['Public', open, 'stakes, escrows and pools'],
  ] as const;
  return (
    <section class="panel" aria-labelledby="supply-heading">
      <h3 id="supply-heading">Supply</h3>
      <Scrolls label="Table of the supply">
        <table>
          <tbody>
            {rows.map(([name, amount, note]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="number">{format.torch(amount)}</td>
                <td class="muted">{note}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolls>
      <p class="muted small">Minted = burned + private + public, checked at every block.</p>
    </section>
  );
}
