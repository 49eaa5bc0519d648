import { concat, equalBytes, toHex, utf8 } from '#base';
import { type Curve, fromLittleEndian, littleEndian, type Scalar } from '../curve.ts';
import { type Account, type Address, type SubaddressIndex, subaddressOffset } from './account.ts';
import { varint } from './bytes.ts';
import { commit } from './commitment.ts';
import { pointOf } from './points.ts';

/**
 * Parameters of the derivation of one-time keys. An empty `context` and a view tag of one byte give Monero's derivation. Bitorch
 * uses a hash unique to the transaction as `context`, so that no key is derived twice.
 */
export interface DerivationRules {
  readonly context: Uint8Array;
  readonly viewTagBytes: number;
}

export const MONERO_RULES: DerivationRules = { context: new Uint8Array(), viewTagBytes: 1 };

const ENCRYPTED_AMOUNT_BYTES = 8;

/** The public part of an output. */
export interface Output {
  /** P, the one-time key. */
  readonly key: Uint8Array;
  /** C, the commitment to the amount. */
  readonly commitment: Uint8Array;
  readonly encryptedAmount: Uint8Array;
  readonly viewTag: Uint8Array;
}

/** An output with the values that only its sender and its receiver know. */
interface OpenOutput extends Output {
  readonly amount: bigint;
  readonly mask: Scalar;
}

/** An output recognised as belonging to an account. `offset` is its one-time secret minus the account's spend secret. */
export interface Recognised {
  readonly subaddress: SubaddressIndex;
  readonly offset: Scalar;
  /** s = Hs(context ‖ D ‖ n), from which mask and amount key are derived. */
  readonly derivation: Scalar;
}

/** R, published by the sender so that the receiver can derive the shared secret: r·G, or r·B' for a subaddress. */
export function transactionKey(txSecret: Scalar, to: Address, curve: Curve): Uint8Array {
  if (!to.subaddress) return curve.encode(curve.multiplyBaseSecret(txSecret));
  return curve.encode(curve.multiplySecret(txSecret, pointOf(to.spendKey, 'spend key', curve)));
}

/** D = 8·r·A for the sender, 8·a·R for the receiver; undefined when the key is not a point. */
export function sharedSecret(secret: Scalar, key: Uint8Array, curve: Curve): Uint8Array | undefined {
  return sharedSecrets(secret, [key], curve)[0];
}

/** `sharedSecret` for each key, with one batched encoding: the inner loop of a wallet scan. */
export function sharedSecrets(
  secret: Scalar,
  keys: readonly Uint8Array[],
  curve: Curve,
): (Uint8Array | undefined)[] {
  const decoded = curve.decodeAll(keys);
  const good = decoded.filter((point) => point !== undefined);
  const products = good.map((point) => curve.multiplyByCofactor(curve.multiplySecret(secret, point)));
  const encoded = curve.encodeAll(products).values();
  return decoded.map((point) => (point === undefined ? undefined : encoded.next().value));
}

const hashOf = (tag: string, parts: Uint8Array[], curve: Curve) =>
  curve.keccak256(concat([utf8(tag), ...parts]));

function derivationScalar(shared: Uint8Array, n: number, rules: DerivationRules, curve: Curve): Scalar {
  return curve.hashToScalar(concat([rules.context, shared, varint(n)]));
}

/** The first bytes of keccak("view_tag" ‖ D ‖ n), by which a receiver skips nearly all outputs of others. */
function viewTag(shared: Uint8Array, n: number, rules: DerivationRules, curve: Curve): Uint8Array {
  return hashOf('view_tag', [shared, varint(n)], curve).subarray(0, rules.viewTagBytes);
}

const commitmentMask = (derivation: Scalar, curve: Curve): Scalar =>
  curve.hashToScalar(concat([utf8('commitment_mask'), derivation]));

function maskAmount(bytes: Uint8Array, derivation: Scalar, curve: Curve): Uint8Array {
  const pad = hashOf('amount', [derivation], curve);
  return bytes.map((byte, i) => byte ^ pad[i]!);
}

/** Output `n` of a transaction, paying `amount` to an address that shares the secret D (CryptoNote §4.3, RingCT). */
export function deriveOutput(
  to: Address,
  amount: bigint,
  shared: Uint8Array,
  n: number,
  rules: DerivationRules,
  curve: Curve,
): OpenOutput {
  const derivation = derivationScalar(shared, n, rules, curve);
  const mask = commitmentMask(derivation, curve);
  const key = curve.add(curve.multiplyBaseSecret(derivation), pointOf(to.spendKey, 'spend key', curve));
  return {
    key: curve.encode(key),
    commitment: commit(amount, mask, curve),
    encryptedAmount: maskAmount(littleEndian(amount, ENCRYPTED_AMOUNT_BYTES), derivation, curve),
    viewTag: viewTag(shared, n, rules, curve),
    amount,
    mask,
  };
}

/** Indices of the account's addresses, by spend key in hexadecimal. */
export type SpendKeyTable = ReadonlyMap<string, SubaddressIndex>;

/** Recognises output `n` of a transaction: compares the view tag, then looks up P − s·G among the known spend keys. */
export function recogniseOutput(
  output: Pick<Output, 'key' | 'viewTag'>,
  shared: Uint8Array,
  n: number,
  account: Account,
  own: SpendKeyTable,
  rules: DerivationRules,
  curve: Curve,
): Recognised | undefined {
  if (!equalBytes(viewTag(shared, n, rules, curve), output.viewTag)) return undefined;
  const key = curve.decode(output.key);
  if (key === undefined) return undefined;
  const derivation = derivationScalar(shared, n, rules, curve);
  const spendKey = curve.encode(curve.subtract(key, curve.multiplyBaseSecret(derivation)));
  const subaddress = own.get(toHex(spendKey));
  if (subaddress === undefined) return undefined;
  const offset = curve.scalars.add(derivation, subaddressOffset(account.viewSecret, subaddress, curve));
  return { subaddress, offset, derivation };
}

/** Amount and mask of a recognised output; undefined when they do not open its commitment (a dishonest sender). */
export function openAmount(
  output: Pick<Output, 'commitment' | 'encryptedAmount'>,
  derivation: Scalar,
  curve: Curve,
): { amount: bigint; mask: Scalar } | undefined {
  if (output.encryptedAmount.length !== ENCRYPTED_AMOUNT_BYTES) return undefined;
  const amount = fromLittleEndian(maskAmount(output.encryptedAmount, derivation, curve));
  const mask = commitmentMask(derivation, curve);
  return equalBytes(commit(amount, mask, curve), output.commitment) ? { amount, mask } : undefined;
}

/** x = b + offset: the one-time secret of a recognised output. */
export function oneTimeSecret(spendSecret: Scalar, found: Recognised, curve: Curve): Scalar {
  return curve.scalars.add(spendSecret, found.offset);
}

/** I = x·Hp(P), the same for every spend of an output and linkable to no other. */
export function keyImageOf(secret: Scalar, key: Uint8Array, curve: Curve): Uint8Array {
  return curve.encode(curve.multiplySecret(secret, curve.hashToPoint(key)));
}
