import { BitorchError, z, zBytes, zCount } from '#base';
import { openSigned, type SigningKey, sealSigned } from '#crypto';
import { CHUNK_POSITIONS } from './constants.ts';

/** What nodes sign about work: receipts by stages, tickets by clients, verdicts by auditors. */
const MAX_BYTES = 1024;
const peerId = z.string().max(128);

const receiptSchema = z.strictObject({
  session: zBytes(16),
  /** Manifest id of the model. */
  manifest: zBytes(32),
  /** Blocks [first, end) that were run. */
  first: zCount,
  end: zCount,
  period: zCount,
  /** Positions [from, to): all of one chunk, or its beginning when the session ended there. */
  from: zCount,
  to: zCount,
  /** chunkHash of the rows that went in and that came out. */
  input: zBytes(32),
  output: zBytes(32),
});

/** A stage's word on one chunk of its work. */
export type Receipt = z.infer<typeof receiptSchema>;

const ticketSchema = z.strictObject({
  session: zBytes(16),
  /** The stage that is audited and the node that may read its inputs. */
  stage: peerId,
  auditor: peerId,
  /** Positions [0, to) are opened. */
  to: zCount,
});

/** A client's leave for one auditor to read what one stage was given in one of the client's sessions. */
export type Ticket = z.infer<typeof ticketSchema>;

const verdictSchema = z.strictObject({
  session: zBytes(16),
  /** The audited stage. */
  stage: peerId,
  first: zCount,
  end: zCount,
  /** Positions [from, to) that the verdict is about. */
  from: zCount,
  to: zCount,
  /** Hash of the output that the stage signed, and of the one that the auditor got. */
  signed: zBytes(32),
  recomputed: zBytes(32),
});

/** An auditor's word on one chunk: the stage was right when both hashes are equal. */
export type Verdict = z.infer<typeof verdictSchema>;

export const signReceipt = (receipt: Receipt, stage: SigningKey): Uint8Array =>
  sealSigned('receipt', receipt, stage);
export const signTicket = (ticket: Ticket, client: SigningKey): Uint8Array =>
  sealSigned('ticket', ticket, client);
export const signVerdict = (verdict: Verdict, auditor: SigningKey): Uint8Array =>
  sealSigned('verdict', verdict, auditor);

export const openTicket = (sealed: Uint8Array, client: Uint8Array): Ticket =>
  openSigned('ticket', ticketSchema, sealed, client, MAX_BYTES);
export const openVerdict = (sealed: Uint8Array, auditor: Uint8Array): Verdict =>
  openSigned('verdict', verdictSchema, sealed, auditor, MAX_BYTES);

/** Opens a stage's receipt; its positions must lie in one chunk. Throws RECEIPT_INVALID beside openSigned's errors. */
export function openReceipt(sealed: Uint8Array, stage: Uint8Array): Receipt {
  const receipt = openSigned('receipt', receiptSchema, sealed, stage, MAX_BYTES);
  const { from, to, first, end } = receipt;
  if (from % CHUNK_POSITIONS !== 0 || to <= from || to - from > CHUNK_POSITIONS || end <= first) {
    throw new BitorchError(
      'RECEIPT_INVALID',
      `receipt for positions [${from}, ${to}) of blocks [${first}, ${end})`,
    );
  }
  return receipt;
}
