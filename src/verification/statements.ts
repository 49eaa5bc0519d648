import { BitorchError, check, decodeCanonical, domainHash, z, zBytes, zCount } from '#base';
import { openSigned, SIGNATURE_BYTES, type SigningKey, sealSigned } from '#crypto';
import { CHUNK_POSITIONS, CLOCK_SKEW_MS, STATEMENT_VERSION, TICKET_LIFE_MS } from './constants.ts';

/** What nodes sign about work: receipts by stages, tickets by clients, verdicts by auditors. */
export const MAX_STATEMENT_BYTES = 1024;
const peerId = z.string().max(128);
const version = z.literal(STATEMENT_VERSION);

const receiptSchema = z.strictObject({
  version,
  session: zBytes(16),
  /** Manifest id of the model. */
  manifest: zBytes(32),
  /** Public key of the client whose session it is. */
  client: zBytes(32),
  /** Blocks [first, end) that were run, on rows of `width` floats. */
  first: zCount,
  end: zCount,
  width: zCount,
  period: zCount,
  /** How many times the session had been rolled back. */
  epoch: zCount,
  /** Positions [from, to): all of one chunk, or its beginning when the session ended there. */
  from: zCount,
  to: zCount,
  /** Id of the receipt for the positions that end at `from`, which this work continued; zeros at position 0. */
  before: zBytes(32),
  /** chunkHash of the rows that went in and that came out. */
  input: zBytes(32),
  output: zBytes(32),
});

/** A stage's word on one chunk of its work, and by `before` on everything that led to it. */
export type Receipt = z.infer<typeof receiptSchema>;

/** `before` of a receipt that begins at position 0. */
export const NO_RECEIPT = new Uint8Array(32);

const ticketSchema = z.strictObject({
  version,
  session: zBytes(16),
  /** The stage that is audited and the node that may read its inputs. */
  stage: peerId,
  auditor: peerId,
  /** Id of the receipt that is audited: the inputs of it and of those before it are opened. */
  receipt: zBytes(32),
  /** Milliseconds since epoch. */
  expires: zCount,
});

/** A client's leave for one auditor to read what one stage was given in one of the client's sessions. */
export type Ticket = z.infer<typeof ticketSchema>;

const verdictSchema = z.strictObject({
  version,
  session: zBytes(16),
  manifest: zBytes(32),
  client: zBytes(32),
  /** The audited stage and who audited it. */
  stage: peerId,
  auditor: peerId,
  first: zCount,
  end: zCount,
  /** Id of the receipt that the verdict is about, and its positions [from, to). */
  receipt: zBytes(32),
  from: zCount,
  to: zCount,
  /** Hash of the input that the stage signed, which is the one that the auditor computed with. */
  input: zBytes(32),
  /** Hash of the output that the stage signed, and of the one that the auditor got; null: that input has no finite output. */
  signed: zBytes(32),
  recomputed: zBytes(32).nullable(),
  /** Milliseconds since epoch. */
  time: zCount,
});

/** An auditor's word on one chunk: the stage was right when both hashes are equal. */
export type Verdict = z.infer<typeof verdictSchema>;

export const signReceipt = (receipt: Receipt, stage: SigningKey): Uint8Array =>
  sealSigned('receipt', receipt, stage);
export const signTicket = (ticket: Ticket, client: SigningKey): Uint8Array =>
  sealSigned('ticket', ticket, client);
export const signVerdict = (verdict: Verdict, auditor: SigningKey): Uint8Array =>
  sealSigned('verdict', verdict, auditor);

export const openVerdict = (sealed: Uint8Array, auditor: Uint8Array): Verdict =>
  openSigned('verdict', verdictSchema, sealed, auditor, MAX_STATEMENT_BYTES);

/** Opens a client's ticket. Throws TICKET_EXPIRED beside openSigned's errors. */
export function openTicket(sealed: Uint8Array, client: Uint8Array, now = Date.now()): Ticket {
  const ticket = openSigned('ticket', ticketSchema, sealed, client, MAX_STATEMENT_BYTES);
  const left = ticket.expires - now;
  if (left < -CLOCK_SKEW_MS || left > TICKET_LIFE_MS + CLOCK_SKEW_MS)
    throw new BitorchError(
      'TICKET_EXPIRED',
      'the ticket is not good now: check the clock, or sign a new one',
    );
  return ticket;
}

/** Opens a stage's receipt; its positions must lie in one chunk. Throws RECEIPT_INVALID beside openSigned's errors. */
export const openReceipt = (sealed: Uint8Array, stage: Uint8Array): Receipt =>
  checkShape(openSigned('receipt', receiptSchema, sealed, stage, MAX_STATEMENT_BYTES));

/** A receipt whose signature is not looked at: for one that a signed receipt names. */
export function readReceipt(sealed: Uint8Array): Receipt {
  const body = decodeCanonical(sealed.subarray(SIGNATURE_BYTES), MAX_STATEMENT_BYTES);
  return checkShape(check(receiptSchema, body, 'receipt'));
}

function checkShape(receipt: Receipt): Receipt {
  const { from, to, first, end, width } = receipt;
  const inChunk = from % CHUNK_POSITIONS === 0 && to > from && to - from <= CHUNK_POSITIONS;
  if (inChunk && end > first && width > 0) return receipt;
  const what = `receipt for positions [${from}, ${to}) of blocks [${first}, ${end})`;
  throw new BitorchError('RECEIPT_INVALID', what);
}

/** What a receipt is called by: a hash of what was signed, without the signature. */
export const receiptId = (sealed: Uint8Array): Uint8Array =>
  domainHash('receipt-id', sealed.subarray(SIGNATURE_BYTES));
