import { Fragment } from 'preact';
import type { SetupView } from '../../src/node/api/node-api.ts';
import { ROLE_WORDS } from '../settings/role-words.ts';
import { settings } from '../state/settings.ts';
import { addressOfStep } from '../state/setup.ts';

const NAMES = {
  network: 'Network',
  roles: 'Roles',
  limits: 'Limits',
  wallet: 'Wallet',
  reach: 'Reachability',
};
const STATES = { open: 'open', done: 'done', skipped: 'skipped' };

/** What was set up, and where to go now. */
export function Done({ view }: { view: SetupView }) {
  const roles = settings.value?.roles.map((role) => ROLE_WORDS[role].title).join(', ');
  return (
    <>
      {roles && <p>It does this: {roles}. Everything can be changed under Settings.</p>}
      <dl class="pairs">
        {view.steps.map(({ name, state }) => (
          <Fragment key={name}>
            <dt>{NAMES[name]}</dt>
            <dd>
              {STATES[state]}
              {state !== 'done' && (
                <>
                  {' · '}
                  <a href={addressOfStep(name)} aria-label={`${NAMES[name]}: do it now`}>
                    do it now
                  </a>
                </>
              )}
            </dd>
          </Fragment>
        ))}
      </dl>
      <p class="buttons buttons-start">
        <a class="button button-primary" href="#/chat">
          Start chatting
        </a>
        <a class="button" href="#/network">
          See the network
        </a>
      </p>
    </>
  );
}
