import { bracketed } from '#base';
import { parseMultiaddr } from '#network/addresses';
import type { CheckView } from '../api/doctor.ts';
import type { ChainView, NoticeView } from '../api/node-api.ts';
import { CLOCK_SKEW_MS } from '../peers/announcement.ts';
import { type ReachFacts, reachCheck } from './reach-check.ts';

/** What a running node knows of its place in the network. */
export interface NodeFacts extends ReachFacts {
  /** Multiaddrs at which it listens. */
  readonly addresses: readonly string[];
  /** Whether bootstrap nodes or trackers are configured. */
  readonly hasContacts: boolean;
  /** Median distance of the clocks of peers from this one's, in ms; undefined while none is known. */
  readonly clock: { readonly peers: number; readonly offsetMs: number } | undefined;
  readonly notices: readonly NoticeView[];
  /** Undefined on a node that follows no chain. */
  readonly chain: Pick<ChainView, 'state' | 'height' | 'bestHeight' | 'peers' | 'problem'> | undefined;
}

/** The checks of a running node. */
export const nodeChecks = (facts: NodeFacts): CheckView[] => [
  { name: 'node', state: 'ok', text: `running, roles ${facts.roles.join(', ')}` },
  networkCheck(facts),
  addressesCheck(facts),
  reachCheck(facts),
  clockCheck(facts),
  chainCheck(facts),
  ...facts.notices.flatMap(noticeCheck),
];

function networkCheck({ others, hasContacts, notices }: NodeFacts): CheckView {
  const name = 'network';
  const online = others.filter(({ reachable }) => reachable).length;
  const text = `${online} of ${others.length} other computers online`;
  if (online > 0) return { name, state: 'ok', text };
  if (!hasContacts && others.length === 0)
    return { name, state: 'note', text: 'not part of a network yet: join one with "bitorch start INVITE"' };
  const unreachable = notices.find(({ code }) => code === 'NETWORK_UNREACHABLE');
  const fix = 'check the internet connection and the firewall, or join again with a new invite';
  return { name, state: 'problem', text: unreachable?.message ?? text, fix };
}

/** Peers on other machines are told no loopback address, so a node that listens there alone cannot be called by them. */
function addressesCheck({ addresses, others }: NodeFacts): CheckView {
  const name = 'addresses';
  const text = `listens at ${addresses.flatMap(endpointOf).join(', ') || 'none'}`;
  if (addresses.some((address) => !isLoopback(address))) return { name, state: 'ok', text };
  if (others.every((other) => other.addresses.every(isLoopback)))
    return { name, state: 'ok', text: `${text}; all computers known are this one` };
  const fix = 'start the node with --listen /ip4/0.0.0.0/tcp/4001 so that others can connect to it';
  return { name, state: 'problem', text: `${text}, which other computers cannot reach`, fix };
}

function clockCheck({ clock, notices }: NodeFacts): CheckView {
  const name = 'clock';
  const notice = notices.find(({ code }) => code === 'CLOCK_OFF');
  if (notice) return { name, state: 'problem', text: notice.message };
  if (!clock) return { name, state: 'note', text: 'not compared yet: no other computer was heard twice' };
  const seconds = (Math.abs(clock.offsetMs) / 1000).toFixed(1);
  const text = `${seconds} s from the clocks of ${clock.peers} others; ${CLOCK_SKEW_MS / 1000} s are tolerated`;
  return { name, state: 'ok', text };
}

function chainCheck({ chain }: NodeFacts): CheckView {
  const name = 'chain';
  if (!chain) return { name, state: 'note', text: 'this node follows no chain' };
  const { state, height, bestHeight, peers, problem } = chain;
  const text = `${state}, height ${height} of ${bestHeight}, ${peers} peers`;
  if (state === 'halted')
    return {
      ...{ name, state: 'problem', text: problem ?? text },
      fix: 'do not pay anything, and ask the operators of the network',
    };
  if (problem !== undefined) return { name, state: 'problem', text: `${text}: ${problem}` };
  return { name, state: state === 'following' ? 'ok' : 'note', text };
}

/** Notices that no other check shows. */
function noticeCheck({ code, message }: NoticeView): CheckView[] {
  if (code === 'CLOCK_OFF' || code === 'NETWORK_UNREACHABLE') return [];
  return [{ name: 'node', state: 'problem', text: message }];
}

const isLoopback = (address: string): boolean => parseMultiaddr(address)?.scope === 'loopback';

/** Host and port; the peer id of the node is left out. Places at relays are no addresses of this machine. */
function endpointOf(address: string): string[] {
  const dialable = parseMultiaddr(address);
  if (dialable) return [`${bracketed(dialable.host)}:${dialable.port}`];
  return address.includes('/p2p-circuit') ? [] : [address];
}
