import type { AdvisoryView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Scrolls } from '../shell/scrolls.tsx';

/** Known malicious files, identified by hash. */
export function Advisories({ advisories }: { advisories: readonly AdvisoryView[] }) {
  return (
    <section class="panel" aria-labelledby="advisories-heading">
      <h3 id="advisories-heading">
        Advisories {advisories.length > 0 && <span class="muted number">{advisories.length}</span>}
      </h3>
      {advisories.length === 0 ? (
        <p class="muted">The ruleset lists no files yet. Get new versions with “bitorch security update”.</p>
      ) : (
        <Scrolls label="Table of advisories">
          <table>
            <thead>
              <tr>
                <th scope="col">Known as</th>
                <th scope="col">SHA-256</th>
              </tr>
            </thead>
            <tbody>
              {advisories.map(({ sha256, name }) => (
                <tr key={sha256}>
                  <th scope="row">{name}</th>
                  <td>
                    <code title={sha256}>{format.shortHash(sha256)}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolls>
      )}
    </section>
  );
}
