import type { SecurityView } from '../../src/node/api/node-api.ts';
import { Term } from '../shell/term.tsx';
import { security } from '../state/security.ts';
import { Advisories } from './advisories.tsx';
import { Engines } from './engines.tsx';
import { Models } from './models.tsx';
import { Queue } from './queue.tsx';

/** Which models are safe, which security nodes attest it, and what is wrong with the others. */
export function SecurityPage() {
  const view = security.value;
  if (!view) {
    return (
      <p class="splash" role="status">
        Loading security information…
      </p>
    );
  }
  const quarantined = view.models.filter(({ state }) => state === 'quarantined');
  const others = view.models.filter(({ state }) => state !== 'quarantined');
  return (
    <>
      <h2>Security</h2>
      <Trust trust={view.trust} />
      <div class="columns">
        <div>
          <Models
            title="Quarantine"
            models={quarantined}
            none="Nothing is in quarantine. Models that a security node rejects appear here with the reason and the fix."
          />
          <Models title="Models" models={others} none="No model has been published on this network yet." />
        </div>
        <div>
          <Queue examiner={view.examiner} />
          <Engines view={view} />
          {view.examiner && <Advisories advisories={view.examiner.advisories} />}
        </div>
      </div>
    </>
  );
}

/** Which security nodes this node trusts. */
function Trust({ trust }: Pick<SecurityView, 'trust'>) {
  if (trust === 'none') {
    return (
      <p class="notice notice-bad" role="status">
        <strong>Model checks are off.</strong> Your node was started with{' '}
        <code>--security-authorities none</code>, so it shares and runs every model. Name a security node that
        you trust instead.
      </p>
    );
  }
  if (trust.length === 0) {
    return (
      <p class="notice" role="status">
        <strong>Your node trusts no security node</strong>, so no model is ever cleared on it, and none is
        shared or run for others. Start it with <code>--security-authorities</code> and the peer id of one
        that you trust.
      </p>
    );
  }
  const offline = trust.filter(({ online }) => !online);
  return (
    <>
      <p class="muted">
        Your computer shares a model or runs it for others only after a security node that you trust has
        scanned it and tested it in a <Term of="sandbox">sandbox</Term>. Trusted: <bdi>{names(trust)}</bdi>.
      </p>
      {offline.length === trust.length && (
        <p class="notice" role="status">
          <bdi>{names(offline)}</bdi> cannot be reached. New models wait until it returns.
        </p>
      )}
    </>
  );
}

const names = (nodes: readonly { name: string }[]): string => nodes.map(({ name }) => name).join(' or ');
