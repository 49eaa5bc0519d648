export { Bans } from './bans.ts';
export {
  GOSSIP_PROTOCOL,
  GOSSIP_VERSION,
  MAX_GOSSIP_FRAME,
  MAX_IDS,
  MAX_PEERS,
  RECONCILE_MS,
  RESEND_MS,
  TRANSACTIONS_BYTES,
} from './constants.ts';
export { Gossip } from './gossip.ts';
export {
  type BlockPart,
  type ConsensusMessage,
  decodeMessage,
  encodeMessage,
  type Have,
  helloCodec,
  type Message,
  type Status,
  type TransactionMessage,
} from './messages.ts';
export { ChainPeer } from './peer.ts';
