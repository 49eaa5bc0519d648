import { scopeOfAddress } from '#network/addresses';
import type { CheckView } from '../api/doctor.ts';
import type { ReachView, Role } from '../api/node-api.ts';

export interface ReachFacts {
  readonly roles: readonly Role[];
  /** The other nodes that it knows. */
  readonly others: readonly { readonly reachable: boolean; readonly addresses: readonly string[] }[];
  /** Undefined on a node that listens on loopback alone. */
  readonly reach: Pick<ReachView, 'state' | 'nat' | 'relays' | 'mapped' | 'advice'> | undefined;
}

/** The roles whose work others have to be able to ask for. */
const SERVING: readonly Role[] = ['seed', 'run', 'audit', 'validate', 'security'];

/** How computers elsewhere reach this one, and what would make it better. */
export function reachCheck({ roles, others, reach }: ReachFacts): CheckView {
  const name = 'reach';
  if (!reach) {
    const text = 'not reachable: it listens for programs of this computer alone';
    return { name, state: 'note', text, fix: 'start it with --listen /ip4/0.0.0.0/tcp/4001 to serve others' };
  }
  const { state, advice: fix } = reach;
  if (state === 'direct')
    return { name, state: 'ok', text: `others connect directly to this computer${byMapping(reach)}` };
  if (state === 'hole-punched')
    return { name, state: 'ok', text: `others meet it at a relay, then connect directly${byRouter(reach)}` };
  if (state === 'relayed')
    return { name, state: 'note', text: `others reach it through ${relaysOf(reach)}${byRouter(reach)}`, fix };
  if (!others.some(({ addresses }) => addresses.some(isElsewhere))) {
    const text = 'not known yet: no computer outside this local network was met';
    return { name, state: 'note', text };
  }
  const text = `no other computer can connect to this one${byRouter(reach)}`;
  if (SERVING.some((role) => roles.includes(role))) return { name, state: 'problem', text, fix };
  return { name, state: 'note', text: `${text}, and none needs to for the roles here`, fix };
}

const isElsewhere = (address: string): boolean => scopeOfAddress(address) === 'public';

const relaysOf = ({ relays }: Pick<ReachView, 'relays'>): string =>
  relays.length === 1 ? 'a relay' : `${relays.length} relays`;

const byMapping = ({ mapped }: Pick<ReachView, 'mapped'>): string =>
  mapped.length > 0 ? ', at a port that the router maps to it' : '';

const byRouter = ({ nat }: Pick<ReachView, 'nat'>): string =>
  nat === 'symmetric' ? '; the router uses a new port for each of them, which keeps most of them out' : '';
