import { domainHash } from '#base';
import { areSignatures, defaultCurve, type SigningKey } from '#crypto';
import { key } from '../accounts/shapes.ts';
import { amount, type Decoded, encode, fixed, integer, struct } from '../codec/index.ts';
import { CHAIN_ID_BYTES, SIGNATURE_BYTES } from '../constants.ts';

const PURPOSE = 'escrow-receipt';

/** A client's cumulative promise to a node: all counts are since the escrow was opened, so the last receipt is the total. */
const statementCodec = struct({
  chainId: fixed(CHAIN_ID_BYTES),
  escrow: key,
  node: key,
  /** Of the escrow. A later escrow of the same session key has another deadline, so this receipt cannot be claimed from it. */
  deadline: integer(),
  /** Increases with each receipt to this node. */
  sequence: integer(1),
  tokensIn: integer(),
  tokensOut: integer(),
  amount,
  /** Hash chain of the activation commitments so far: binds payment to work, for disputes. */
  transcript: fixed(32),
});

export type ReceiptStatement = Decoded<typeof statementCodec>;

export const receiptCodec = struct({ statement: statementCodec, signature: fixed(SIGNATURE_BYTES) });

/** About 170 bytes. */
export type Receipt = Decoded<typeof receiptCodec>;

export function signReceipt(statement: ReceiptStatement, session: SigningKey): Receipt {
  return { statement, signature: session.sign(PURPOSE, encode(statementCodec, statement)) };
}

/** Whether the signature by the escrow's session key is valid. */
export const isSigned = (receipt: Receipt): boolean => areSigned([receipt]);

/** Whether all of these signatures are valid, verified in one batch. */
export const areSigned = (receipts: readonly Receipt[]): boolean =>
  areSignatures(
    defaultCurve(),
    receipts.map(({ statement, signature }) => ({
      message: domainHash(PURPOSE, encode(statementCodec, statement)),
      signature,
      publicKey: statement.escrow,
    })),
  );
