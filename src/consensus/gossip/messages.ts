import {
  bits,
  blob,
  byteOf,
  CHAIN_ID_BYTES,
  type Codec,
  type Decoded,
  decode,
  encode,
  fixed,
  integer,
  list,
  MAX_TRANSACTION_BYTES,
  struct,
  tagged,
} from '#ledger';
import {
  type Certificate,
  certificateCodec,
  type Proposal,
  partCodec,
  proposalCodec,
  type Vote,
  voteCodec,
} from '../blocks/index.ts';
import { HASH_BYTES, MAX_PARTS, MAX_ROUND, MAX_VALIDATORS } from '../constants.ts';
import { GOSSIP_VERSION, MAX_GOSSIP_FRAME, MAX_IDS } from './constants.ts';

export const helloCodec = struct({
  version: byteOf(GOSSIP_VERSION),
  chainId: fixed(CHAIN_ID_BYTES),
  /** SHA-256 of the genesis file. */
  genesis: fixed(HASH_BYTES),
});

/** Status of a node: the height it works on, its round, and its first stored block. */
const statusCodec = struct({
  height: integer(1),
  round: integer(0, MAX_ROUND),
  base: integer(0),
});
export type Status = Decoded<typeof statusCodec>;

/**
 * Root and number of a block's parts: together they determine what a part has to prove. A proposer can sign two
 * proposals in one round, even two numbers for one root.
 */
const partsHeader = { root: fixed(HASH_BYTES), total: integer(1, MAX_PARTS) };
const partsHeaderCodec = struct(partsHeader);

/** What a node has of one round of its height. */
const haveCodec = struct({
  height: integer(1),
  round: integer(0, MAX_ROUND),
  /** Header of the parts of its proposal; empty without a proposal. */
  proposal: list(partsHeaderCodec, 1),
  parts: bits(MAX_PARTS),
  prevotes: bits(MAX_VALIDATORS),
  precommits: bits(MAX_VALIDATORS),
  /** Whether it has a quorum for one block: bit 0 for prevotes, bit 1 for precommits. */
  certificates: byteOf(0, 1, 2, 3),
});
export type Have = Decoded<typeof haveCodec>;

const blockPartCodec = struct({ height: integer(1), ...partsHeader, part: partCodec });
export type BlockPart = Decoded<typeof blockPartCodec>;

const idsCodec = list(fixed(HASH_BYTES), MAX_IDS, 1);
const transactionsCodec = list(blob(MAX_TRANSACTION_BYTES), MAX_IDS, 1);

/** Messages between two nodes of a chain, after their hellos. */
export type Message =
  | { readonly type: 'status'; readonly value: Status }
  | { readonly type: 'have'; readonly value: Have }
  | { readonly type: 'proposal'; readonly value: Proposal }
  | { readonly type: 'part'; readonly value: BlockPart }
  | { readonly type: 'vote'; readonly value: Vote }
  /** Ids of transactions in the sender's pool: SHA-256 of their bytes. */
  | { readonly type: 'offer'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'want'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'transactions'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'certificate'; readonly value: Certificate }
  /** A transaction on a stem: forwarded to one node, not offered. */
  | { readonly type: 'stem'; readonly value: Uint8Array };

/** A proposal, part, vote or certificate. */
export type ConsensusMessage = Extract<Message, { type: 'proposal' | 'part' | 'vote' | 'certificate' }>;
export type TransactionMessage = Extract<Message, { type: 'offer' | 'want' | 'transactions' | 'stem' }>;

/** The first byte of a message is its position in this list, from 1. */
const KINDS: readonly (readonly [Message['type'], Codec<unknown>])[] = [
  ['status', statusCodec],
  ['have', haveCodec],
  ['proposal', proposalCodec],
  ['part', blockPartCodec],
  ['vote', voteCodec],
  ['offer', idsCodec],
  ['want', idsCodec],
  ['transactions', transactionsCodec],
  ['certificate', certificateCodec],
  ['stem', blob(MAX_TRANSACTION_BYTES)],
];

const messageCodec = tagged<Message>('message', KINDS);

export const encodeMessage = (message: Message): Uint8Array => encode(messageCodec, message);

/** Strict. Throws CODEC_INVALID when the bytes are malformed. */
export const decodeMessage = (bytes: Uint8Array): Message => decode(messageCodec, bytes, MAX_GOSSIP_FRAME);
