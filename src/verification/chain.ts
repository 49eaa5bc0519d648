import { setImmediate as nextTurn } from 'node:timers/promises';
import { BitorchError, equalBytes } from '#base';
import { NO_RECEIPT, openReceipt, type Receipt, readReceipt, receiptId } from './statements.ts';

/** A receipt, its signed encoding and its id. */
export interface SignedReceipt {
  readonly receipt: Receipt;
  readonly signed: Uint8Array;
  readonly id: Uint8Array;
}

/** Receipts that are decoded before yielding to the event loop. */
const RECEIPTS_PER_TURN = 64;

/**
 * Opens the receipts of one session on one stage, in order from position 0. They form a chain in which each names its
 * predecessor, so that the signature of the last one covers all of them, and receipts from before and after a rollback cannot
 * be combined. Throws CHAIN_BROKEN when they do not form a chain, and whatever openReceipt() throws.
 */
export async function openChain(
  signed: readonly Uint8Array[],
  stage: Uint8Array,
): Promise<[SignedReceipt, ...SignedReceipt[]]> {
  const last = signed.at(-1);
  if (!last) throw broken('it is empty');
  const tip = { receipt: openReceipt(last, stage), signed: last, id: receiptId(last) };
  const chain: [SignedReceipt, ...SignedReceipt[]] = [tip];
  for (let i = signed.length - 2; i >= 0; i--) {
    const link = { receipt: readReceipt(signed[i]!), signed: signed[i]!, id: receiptId(signed[i]!) };
    checkLink(link, chain[0].receipt);
    chain.unshift(link);
    if (i % RECEIPTS_PER_TURN === 0) await nextTurn();
  }
  const { from, before } = chain[0].receipt;
  if (from !== 0 || !equalBytes(before, NO_RECEIPT)) throw broken('it does not begin at position 0');
  return chain;
}

/** Throws CHAIN_BROKEN when `next` does not continue the work of the given receipt. */
export function checkLink({ receipt, id }: SignedReceipt, next: Receipt): void {
  if (!equalBytes(next.before, id) || receipt.to !== next.from)
    throw broken(`the receipt for position ${next.from} continues other work`);
  const same =
    equalBytes(receipt.session, next.session) &&
    equalBytes(receipt.manifest, next.manifest) &&
    equalBytes(receipt.client, next.client) &&
    receipt.first === next.first &&
    receipt.end === next.end &&
    receipt.width === next.width &&
    receipt.period === next.period;
  if (!same || receipt.epoch > next.epoch)
    throw broken(`the receipts around position ${next.from} are for different work`);
}

const broken = (what: string) =>
  new BitorchError('CHAIN_BROKEN', `the receipts do not form a chain: ${what}`);
