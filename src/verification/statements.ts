import { BitorchError, check, decodeCanonical, domainHash, z, zBytes, zCount } from '#base';
import { openSigned, SIGNATURE_BYTES, type SigningKey, sealSigned } from '#crypto';
import { CHUNK_POSITIONS, CLOCK_SKEW_MS, STATEMENT_VERSION, TICKET_LIFE_MS } from './constants.ts';

/** Maximum size of a signed statement: a receipt of a stage, a ticket of a client or a verdict of an auditor. */
export const MAX_STATEMENT_BYTES = 1024;
const peerId = z.string().max(128);
const version = z.literal(STATEMENT_VERSION);

const receiptSchema = z.strictObject({
  version,
  session: zBytes(16),
  /** Manifest id of the model. */
  manifest: zBytes(32),
  /** Public key of the session's client. */
  client: zBytes(32),
  /** Blocks [first, end) that were run, on rows of `width` f32. */
  first: zCount,
  end: zCount,
  width: zCount,
  period: zCount,
  /** Number of rollbacks of the session so far. */
  epoch: zCount,
  /** Positions [from, to): one chunk, or the start of one if the session ended there. */
  from: zCount,
  to: zCount,
  /** Id of the previous receipt, for the positions that end at `from`; zeros at position 0. */
  before: zBytes(32),
  /** chunkHash of the input rows and of the output rows. */
  input: zBytes(32),
  output: zBytes(32),
});

/** A stage's attestation of one chunk of its work and, through `before`, of all work that led to it. */
export type Receipt = z.infer<typeof receiptSchema>;

/** Value of `before` in a receipt that starts at position 0. */
export const NO_RECEIPT = new Uint8Array(32);

const ticketSchema = z.strictObject({
  version,
  session: zBytes(16),
  /** Peer ids of the audited stage and of the auditor that may read its inputs. */
  stage: peerId,
  auditor: peerId,
  /** Id of the audited receipt. The ticket covers its inputs and those of all receipts before it. */
  receipt: zBytes(32),
  /** Milliseconds since epoch. */
  expires: zCount,
});

/** A client's permission for one auditor to read the inputs of one stage in one of the client's sessions. */
export type Ticket = z.infer<typeof ticketSchema>;

const verdictSchema = z.strictObject({
  version,
  session: zBytes(16),
  manifest: zBytes(32),
  client: zBytes(32),
  /** Peer ids of the audited stage and of the auditor. */
  stage: peerId,
  auditor: peerId,
  first: zCount,
  end: zCount,
  /** Id of the audited receipt, and its positions [from, to). */
  receipt: zBytes(32),
  from: zCount,
  to: zCount,
  /** Hash of the input that the stage signed and that the auditor used. */
  input: zBytes(32),
  /** Hash of the output that the stage signed, and of the auditor's output; null when that input has no finite output. */
  signed: zBytes(32),
  recomputed: zBytes(32).nullable(),
  /** Milliseconds since epoch. */
  time: zCount,
});

/** An auditor's statement on one chunk. The stage computed correctly if `signed` equals `recomputed`. */
export type Verdict = z.infer<typeof verdictSchema>;

export const signReceipt = (receipt: Receipt, stage: SigningKey): Uint8Array =>
  sealSigned('receipt', receipt, stage);
export const signTicket = (ticket: Ticket, client: SigningKey): Uint8Array =>
  sealSigned('ticket', ticket, client);
export const signVerdict = (verdict: Verdict, auditor: SigningKey): Uint8Array =>
  sealSigned('verdict', verdict, auditor);

export const openVerdict = (sealed: Uint8Array, auditor: Uint8Array): Verdict =>
  openSigned('verdict', verdictSchema, sealed, auditor, MAX_STATEMENT_BYTES);

/** Opens a client's ticket. Throws TICKET_EXPIRED when it is not valid at `now` (ms), and whatever openSigned() throws. */
export function openTicket(sealed: Uint8Array, client: Uint8Array, now = Date.now()): Ticket {
  const ticket = openSigned('ticket', ticketSchema, sealed, client, MAX_STATEMENT_BYTES);
  const left = ticket.expires - now;
  if (left < -CLOCK_SKEW_MS || left > TICKET_LIFE_MS + CLOCK_SKEW_MS)
    throw new BitorchError(
      'TICKET_EXPIRED',
      'the ticket is not valid now: check the clock, or sign a new one',
    );
  return ticket;
}

/**
 * Opens a stage's receipt. Throws RECEIPT_INVALID when its positions are not within one chunk or it covers no blocks, and
 * whatever openSigned() throws.
 */
export const openReceipt = (sealed: Uint8Array, stage: Uint8Array): Receipt =>
  checkShape(openSigned('receipt', receiptSchema, sealed, stage, MAX_STATEMENT_BYTES));

/** Decodes a receipt without verifying its signature, for one that a verified receipt names. */
export function readReceipt(sealed: Uint8Array): Receipt {
  const body = decodeCanonical(sealed.subarray(SIGNATURE_BYTES), MAX_STATEMENT_BYTES);
  return checkShape(check(receiptSchema, body, 'receipt'));
}

function checkShape(receipt: Receipt): Receipt {
  const { from, to, first, end, width } = receipt;
  const inChunk = from % CHUNK_POSITIONS === 0 && to > from && to - from <= CHUNK_POSITIONS;
  if (inChunk && end > first && width > 0) return receipt;
  const what = `the receipt has invalid positions [${from}, ${to}) or blocks [${first}, ${end})`;
  throw new BitorchError('RECEIPT_INVALID', what);
}

/** Id of a receipt: a hash of its content without the signature. */
export const receiptId = (sealed: Uint8Array): Uint8Array =>
  domainHash('receipt-id', sealed.subarray(SIGNATURE_BYTES));
