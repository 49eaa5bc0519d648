import { setImmediate as nextTurn } from 'node:timers/promises';
import { BitorchError, equalBytes } from '#base';
import { NO_RECEIPT, openReceipt, type Receipt, readReceipt, receiptId } from './statements.ts';

/** A receipt together with the bytes that its stage signed, and its id. */
export interface SignedReceipt {
  readonly receipt: Receipt;
  readonly signed: Uint8Array;
  readonly id: Uint8Array;
}

/** Receipts that are read before others have a turn. */
const RECEIPTS_A_TURN = 64;

/**
 * Opens the receipts of one piece of work from position 0 on: one chain, in which each names the one before. So a single
 * signature, the last one's, is the stage's word on all of them, and receipts of work before and after a rollback cannot be
 * put together. Throws CHAIN_BROKEN, and what openReceipt() throws.
 */
export async function openChain(
  signed: readonly Uint8Array[],
  stage: Uint8Array,
): Promise<[SignedReceipt, ...SignedReceipt[]]> {
  const last = signed.at(-1);
  if (!last) throw broken('there is no receipt');
  const tip = { receipt: openReceipt(last, stage), signed: last, id: receiptId(last) };
  const chain: [SignedReceipt, ...SignedReceipt[]] = [tip];
  for (let i = signed.length - 2; i >= 0; i--) {
    const link = { receipt: readReceipt(signed[i]!), signed: signed[i]!, id: receiptId(signed[i]!) };
    checkLink(link, chain[0].receipt);
    chain.unshift(link);
    if (i % RECEIPTS_A_TURN === 0) await nextTurn();
  }
  const { from, before } = chain[0].receipt;
  if (from !== 0 || !equalBytes(before, NO_RECEIPT)) throw broken('it does not begin at position 0');
  return chain;
}

/** Whether `next` continues the work of `link`. Throws CHAIN_BROKEN. */
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

const broken = (what: string) => new BitorchError('CHAIN_BROKEN', `the receipts are not one chain: ${what}`);
