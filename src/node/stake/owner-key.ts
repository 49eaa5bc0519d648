import { join } from 'node:path';
import { toHex } from '#base';
import type { SigningKey } from '#crypto';
import { OpenWallet, type Wallet } from '#ledger';
import { loadValidatorKey } from '../home/identity.ts';

/** What the wallet's key is for, with the validator's consensus key as context. */
export const OWNER_PURPOSE = 'validator-owner';

/**
 * The owner of a validator's bond, who alone can take it back: a key out of the wallet's words, one for each consensus
 * key. Whoever gets hold of the machine that votes gets no money with it.
 */
export const ownerKeyOf = (wallet: Wallet, validator: Uint8Array): SigningKey =>
  wallet.signingKey(OWNER_PURPOSE, validator);

/**
 * The public keys of a node's validator, hexadecimal: what votes (made when there is none), and what owns the bond.
 * Throws WALLET_MISSING, PASSWORD_WRONG, WALLET_IN_USE.
 */
export async function validatorKeys(
  home: string,
  password: string,
): Promise<{ validator: string; owner: string }> {
  const open = await OpenWallet.open({ path: join(home, 'wallet'), password });
  await open.close();
  const { publicKey } = await loadValidatorKey(home);
  return { validator: toHex(publicKey), owner: toHex(ownerKeyOf(open.wallet, publicKey).publicKey) };
}
