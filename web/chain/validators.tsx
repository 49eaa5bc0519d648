import type { ChainView, ValidatorView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Scrolls } from '../shell/scrolls.tsx';
import { Term } from '../shell/term.tsx';
import { validatorName } from '../state/chain.ts';

const SIGNATURES_COUNTED = 100;

/** Validators with their voting power, stake and share of signed blocks. */
export function Validators({ view }: { view: ChainView }) {
  const signable = Math.min(view.height, SIGNATURES_COUNTED);
  return (
    <section class="panel" aria-labelledby="validators-heading">
      <h3 id="validators-heading">Validators</h3>
      <Scrolls label="Table of validators">
        <table>
          <thead>
            <tr>
              <th scope="col">Validator</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Power
              </th>
              <th scope="col" class="number">
                <Term of="stake">Stake</Term>
              </th>
              <th scope="col" class="number">
                Commission
              </th>
              <th scope="col" class="number">
                Signed
              </th>
            </tr>
          </thead>
          <tbody>
            {view.validators.map((validator) => (
              <tr key={validator.key}>
                <th scope="row" title={validator.key}>
                  <bdi>{validatorName(view.validators, validator.key)}</bdi>
                </th>
                <td>{stateOf(validator, view.height)}</td>
                <td class="number">{format.share(validator.share)}</td>
                <td class="number">{format.torch(validator.stake)}</td>
                <td class="number">{format.share(validator.commission)}</td>
                <td class="number" title={`of the last ${signable} blocks`}>
                  {format.percent(validator.signed, signable)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolls>
    </section>
  );
}

function stateOf(validator: ValidatorView, height: number) {
  if (validator.tombstoned) return <span class="tag tag-bad">removed permanently</span>;
  if (validator.jailedUntil > height) {
    return <span class="tag tag-bad">jailed until {validator.jailedUntil.toLocaleString('en')}</span>;
  }
  if (validator.proposes) return <span class="tag tag-glow">proposes</span>;
  return validator.active ? 'active' : <span class="muted">inactive</span>;
}
