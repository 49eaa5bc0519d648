/** The node's wallet. Amounts are sparks in decimal digits. */
import { z } from '#base';
import { zAmount, zPassword, zProgress, zSparks } from './fields.ts';

const zAddress = z.string().min(1).max(256);
const zHeight = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** Text that a proof is bound to. */
const zMessage = z.string().max(1024);

const zBalance = z.strictObject({
  total: zSparks,
  spendable: zSparks,
  /** Not spendable yet: too recent, or change of a pending payment. */
  locked: zSparks,
});
export type BalanceView = z.infer<typeof zBalance>;

export const zWallet = z.strictObject({
  /**
   * `missing`: none was created yet; `locked`: the password was not given since the start; `open`: unlocked and scanning. `create`
   * leads from `missing` to `open`, `unlock` from `locked` to `open`, `lock` back.
   */
  state: z.enum(['missing', 'locked', 'open']),
  /** Whether the user has confirmed the backup words. */
  backedUp: z.boolean(),
  height: z.number(),
  /** Why it cannot follow the chain, and what to do about it. */
  problem: z.string().exactOptional(),
  /** Progress in outputs while the wallet catches up. */
  scan: zProgress.exactOptional(),
  balance: zBalance.exactOptional(),
  address: z.string().exactOptional(),
});
export type WalletView = z.infer<typeof zWallet>;

export const zReceiveAddress = z.strictObject({ index: z.number(), address: z.string(), label: z.string() });
export type ReceiveAddress = z.infer<typeof zReceiveAddress>;

export const zNewAddress = z.strictObject({ label: z.string().max(64) });

const zFeeTier = z.enum(['low', 'normal', 'high']);
export type FeeTier = z.infer<typeof zFeeTier>;

export const zPayment = z.strictObject({
  to: zAddress,
  amount: zAmount,
  tier: zFeeTier.default('normal'),
  /** Makes a second payment although an identical one is pending; otherwise the pending one is retried. */
  again: z.boolean().default(false),
});
export type PaymentRequest = z.input<typeof zPayment>;

export const zSignedPayment = zPayment.extend({ password: zPassword });

/** The cost of a payment, before it is signed. */
export const zPaymentPreview = z.strictObject({
  to: z.string(),
  amount: zSparks,
  fee: zSparks,
  total: zSparks,
  change: zSparks,
  /** More than one if the payment needs more outputs than one transfer can spend. */
  transfers: z.number(),
  inputs: z.number(),
  bytes: z.number(),
  /** Spendable balance afterwards. */
  left: zSparks,
});
export type PaymentPreview = z.infer<typeof zPaymentPreview>;

export const zPaymentReceipt = z.strictObject({
  id: z.string(),
  /** Ids of the payment's other transfers, if any; `id` is the one with the worst outcome. */
  others: z.array(z.string()).exactOptional(),
  fee: zSparks,
  /** Last height at which it can enter a block. */
  expiry: z.number(),
  /**
   * `sent`: waits for a block; `pending`: no node is known to have it, and it is retried until it expires; `refused`: it broke a
   * rule, will not be in any block, and its money can be spent again.
   */
  outcome: z.enum(['sent', 'pending', 'refused']),
  /** Why it was not sent. */
  code: z.string().exactOptional(),
  message: z.string().exactOptional(),
});
export type PaymentReceipt = z.infer<typeof zPaymentReceipt>;

export const zWalletEntry = z.strictObject({
  kind: z.enum(['received', 'minted', 'sent']),
  /** For a sent transaction: its id and its payees. */
  id: z.string().exactOptional(),
  to: z.array(z.strictObject({ address: z.string(), amount: zSparks })).exactOptional(),
  /** For a received output: its number on the ledger, and the index of the receiving address. */
  output: z.number().exactOptional(),
  index: z.number().exactOptional(),
  amount: zSparks,
  fee: zSparks.exactOptional(),
  /** 0 while it is in no block. */
  height: z.number(),
  /**
   * `final`: in a block, irreversible. Not in a block: `sent`: waits for one; `pending`: is retried; `refused`: broke a rule;
   * `superseded`: another attempt at the payment replaced it, or another copy of the wallet spent its money; `expired`: too late.
   * `pending` becomes `sent`; both end in any of the others.
   */
  state: z.enum(['final', 'sent', 'pending', 'refused', 'superseded', 'expired']),
});
export type WalletEntry = z.infer<typeof zWalletEntry>;

/** Requests a proof, bound to `message`, that a payment was made (`id`, `payment`) or received (`output`). */
export const zProofRequest = z.union([
  z.strictObject({ message: zMessage, id: z.string().regex(/^[0-9a-f]{64}$/), payment: zHeight }),
  z.strictObject({ message: zMessage, output: zHeight }),
]);
export type ProofRequest = z.infer<typeof zProofRequest>;

export const zPaymentProof = z.strictObject({ proof: z.string() });
export type PaymentProof = z.infer<typeof zPaymentProof>;

export const zProofCheck = z.strictObject({ proof: z.string().min(1).max(4096), message: zMessage });

/** The result of checking a proof; the other fields are present when it is valid. */
export const zProofVerdict = z.strictObject({
  valid: z.boolean(),
  to: z.string().exactOptional(),
  amount: zSparks.exactOptional(),
  height: z.number().exactOptional(),
});
export type ProofVerdict = z.infer<typeof zProofVerdict>;

/** Creates a wallet, or restores one from its backup words as pasted, possibly numbered and with other separators. */
export const zNewWallet = z
  .strictObject({
    password: zPassword,
    words: z.string().min(1).max(4096).exactOptional(),
    /** Blocks before it are not scanned. */
    restoreHeight: zHeight.exactOptional(),
  })
  .refine(({ words, restoreHeight }) => words !== undefined || restoreHeight === undefined, {
    path: ['restoreHeight'],
    message: 'is for restoring only: give the words too',
  })
  .transform(({ password, words, restoreHeight = 0 }) =>
    words === undefined ? { password } : { password, words, restoreHeight },
  );

export const zUnlock = z.strictObject({ password: zPassword });

export const zBackupWords = z.strictObject({
  words: z.array(z.string()),
  /** Three positions, from 1, to ask for as a check. */
  ask: z.array(z.number()),
});
export type BackupWords = z.infer<typeof zBackupWords>;

export const zWordsCheck = z.strictObject({
  password: zPassword,
  words: z
    .array(z.strictObject({ position: z.number().int().min(1).max(24), word: z.string().max(32) }))
    .min(1)
    .max(24),
});
export type WordsCheck = z.infer<typeof zWordsCheck>;

export const zWordsVerdict = z.strictObject({ correct: z.boolean() });

/** The receiving address; the wallet's own when absent. */
export const zFaucetRequest = z.strictObject({ address: zAddress.exactOptional() });

export interface WalletApi {
  view(): WalletView;
  /** Creates a wallet, or restores one from its words. Throws WALLET_EXISTS, WORDS_INVALID or PASSWORD_WEAK. */
  create(request: { password: string; words?: string; restoreHeight?: number }): Promise<BackupWords>;
  /** Throws WALLET_MISSING or PASSWORD_WRONG. */
  unlock(password: string): Promise<WalletView>;
  lock(): WalletView;
  addresses(): ReceiveAddress[];
  addAddress(label: string): Promise<ReceiveAddress>;
  /** Newest first. */
  history(): WalletEntry[];
  /** Throws ADDRESS_INVALID or FUNDS_INSUFFICIENT. */
  preview(request: PaymentRequest): Promise<PaymentPreview>;
  /** Signs and sends; the receipt has the outcome. Throws PASSWORD_WRONG and the errors of `preview`. */
  send(request: PaymentRequest & { password: string }): Promise<PaymentReceipt>;
  prove(request: ProofRequest): Promise<PaymentProof>;
  checkProof(request: { proof: string; message: string }): Promise<ProofVerdict>;
  words(password: string): Promise<BackupWords>;
  /** Marks the wallet as backed up when all the words are right. */
  checkWords(check: WordsCheck): Promise<{ correct: boolean }>;
  /** Sends coins from a test network's faucet. Throws NO_FAUCET or FAUCET_EMPTY. */
  faucet(address?: string): Promise<PaymentReceipt>;
}
