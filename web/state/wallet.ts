import { signal } from '@preact/signals';
import type {
  BackupWords,
  PaymentPreview,
  PaymentProof,
  PaymentReceipt,
  PaymentRequest,
  ProofRequest,
  ProofVerdict,
  ReceiveAddress,
  WalletEntry,
  WalletView,
} from '../../src/node/api/node-api.ts';
import { call } from '../api/call.ts';
import { wallet } from './chain.ts';

/** Backup words on the screen, and the password that revealed them: checking the words needs it again. */
export const backup = signal<{ words: BackupWords; password: string } | undefined>(undefined);
export const history = signal<readonly WalletEntry[]>([]);
export const addresses = signal<readonly ReceiveAddress[]>([]);

export async function createWallet(request: {
  password: string;
  words?: string;
  restoreHeight?: number;
}): Promise<void> {
  const words = await call<BackupWords>('/api/wallet', request);
  if (request.words === undefined) backup.value = { words, password: request.password };
  wallet.value = await call<WalletView>('/api/wallet');
}

export async function unlock(password: string): Promise<void> {
  wallet.value = await call<WalletView>('/api/wallet/unlock', { password });
}

export async function lock(): Promise<void> {
  wallet.value = await call<WalletView>('/api/wallet/lock', {});
  history.value = [];
  addresses.value = [];
}

export async function showWords(password: string): Promise<void> {
  backup.value = { words: await call<BackupWords>('/api/wallet/words', { password }), password };
}

/** Whether the words are right. If so, the wallet counts as backed up. */
export async function checkWords(words: { position: number; word: string }[]): Promise<boolean> {
  const { correct } = await call<{ correct: boolean }>('/api/wallet/check-words', {
    words,
    password: backup.peek()?.password,
  });
  if (correct) {
    backup.value = undefined;
    wallet.value = await call<WalletView>('/api/wallet');
  }
  return correct;
}

/** Fetches history and addresses, which the wallet's events do not carry. */
export async function refresh(): Promise<void> {
  [history.value, addresses.value] = await Promise.all([
    call<WalletEntry[]>('/api/wallet/history'),
    call<ReceiveAddress[]>('/api/wallet/addresses'),
  ]);
}

export async function addAddress(label: string): Promise<void> {
  const added = await call<ReceiveAddress>('/api/wallet/addresses', { label });
  addresses.value = [...addresses.value, added];
}

export const preview = (payment: PaymentRequest): Promise<PaymentPreview> =>
  call('/api/wallet/preview', payment);

export const send = (payment: PaymentRequest & { password: string }): Promise<PaymentReceipt> =>
  call('/api/wallet/send', payment);

export const askFaucet = (): Promise<PaymentReceipt> => call('/api/wallet/faucet', {});

export const prove = (request: ProofRequest): Promise<PaymentProof> => call('/api/wallet/prove', request);

export const checkProof = (request: { proof: string; message: string }): Promise<ProofVerdict> =>
  call('/api/wallet/check-proof', request);
