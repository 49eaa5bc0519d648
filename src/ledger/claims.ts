import { toHex } from '#base';
import { rulesOf } from './actions/registry.ts';
import { encode } from './codec/index.ts';
import { KEY_BYTES } from './constants.ts';
import { isFree } from './state/apply.ts';
import type { Draft } from './state/draft.ts';
import type { Points } from './state/spending.ts';
import type { Transaction } from './transaction/transaction.ts';

/**
 * Exclusive claims of a transaction: its key images, and for each signed action the account it acts on with its first signer.
 * Two transactions with the same action for one key cannot both be valid in a block; if the mempool admitted both, hundreds of
 * high-fee ones of which only one can ever pay would crowd out all others. An action without signers claims its accounts. Free
 * and paid transactions claim them apart, so that neither replaces the other.
 */
export function claimsOf(
  transaction: Transaction,
  points: Points,
  { view, height }: Pick<Draft, 'view' | 'height'>,
): string[] {
  const { body } = transaction;
  const paid = Number(!isFree(transaction));
  const acting = body.actions.flatMap((action) => {
    const rules = rulesOf(action);
    const consenters = rules.consenters?.(action.body, view, height) ?? [];
    const [signer] = [...rules.signers(action.body), ...consenters];
    const account = encode(rules.codec, action.body).subarray(0, KEY_BYTES);
    const claimed = rules.claims?.(action.body) ?? [];
    const held = signer ? [[account, signer]] : claimed.map((key) => [Uint8Array.of(paid), key]);
    return held.map((keys) => [Uint8Array.of(rules.type), ...keys].map(toHex).join('/'));
  });
  return [...new Set([...points.keyImages.map(toHex), ...acting])];
}
