export { type Budget, Budgets, type Limits, limitsOfMany, OBJECT_BYTES } from './budget.ts';
export { RELAYED } from './connections.ts';
export { Contacts } from './contacts.ts';
export {
  addressGroup,
  compactEndpoint,
  type Dialable,
  dialableOnly,
  mayDial,
  multiaddrOf,
  parseCircuit,
  parseCompactEndpoint,
  parseDialable,
  parseMultiaddr,
  resolveDialable,
  type Scope,
  scopeOfAddress,
  scopeOfRemote,
} from './dialable.ts';
export { FairSlots, Slot, type SlotHolder } from './fair-slots.ts';
export { FrameStream } from './frame-stream.ts';
export { FrameAssembler } from './frames.ts';
export { Host, type PeerAddress, type Verdict } from './host.ts';
export { peerIdFrom, publicKeyOf } from './public-key.ts';
export type { ReachView } from './reach/reach.ts';
export type { ReachOptions, ReachSettings } from './reach/reach-options.ts';
export { remoteCodeOf, remoteError } from './remote-error.ts';
export { type QueuePosition, SlotQueue } from './slot-queue.ts';
