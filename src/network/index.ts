export { type Budget, Budgets, type Limits, limitsOfMany, OBJECT_BYTES } from './budget.ts';
export { Contacts } from './contacts.ts';
export {
  addressGroup,
  type Dialable,
  dialableOnly,
  mayDial,
  multiaddrOf,
  parseDialable,
  parseMultiaddr,
  resolveDialable,
  type Scope,
  scopeOfRemote,
} from './dialable.ts';
export { FairSlots, Slot } from './fair-slots.ts';
export { FrameStream } from './frame-stream.ts';
export { FrameAssembler } from './frames.ts';
export { Host, type PeerAddress, type Verdict } from './host.ts';
export { peerIdFrom, publicKeyOf } from './public-key.ts';
export { remoteCodeOf, remoteError } from './remote-error.ts';
