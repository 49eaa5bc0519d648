import type { NatKind } from './nat-guess.ts';
import type { Reachability } from './reachability.ts';

/** What the owner can do so that more peers reach this node, in one or two sentences; empty when nothing is needed. */
export function adviceFor(state: Reachability, nat: NatKind, port: number | undefined): string {
  if (state === 'direct') return '';
  const forward = `forward TCP port ${port ?? 'of --listen'} to this computer in your router, or switch on UPnP there`;
  if (state === 'hole-punched')
    return `Peers meet this node at a relay and then connect directly. For faster connections ${forward}.`;
  const open =
    nat === 'none' ? `open TCP port ${port ?? 'of --listen'} in the firewall of this computer` : forward;
  if (state === 'relayed')
    return `All traffic goes through relays, which is slower and limited. To be reached directly, ${open}.`;
  return `No other node can connect to this one: it has found no relay. Check the internet connection and the bootstrap nodes, or ${open}.`;
}
