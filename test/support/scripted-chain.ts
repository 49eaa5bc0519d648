/** A chain and a wallet whose every state is decided by the test: the outside world of the server and of the page. */
import { BitorchError } from '#base';
import type { BlockView, ChainView, ValidatorView, WalletApi, WalletEntry, WalletView } from '#node';

const hex = (seed: number): string => (seed * 2654435761).toString(16).padStart(8, '0').slice(0, 8).repeat(8);

export const WORDS = Array.from({ length: 24 }, (_, i) => `word${i + 1}`);
export const PASSWORD = 'correct horse';
export const MAIN_ADDRESS = `torch1q${'9x8gf2tvdw'.repeat(9)}`;

export const blockView = (height: number): BlockView => ({
  height,
  id: hex(height),
  time: 1_790_000_000_000 + height * 1000,
  proposer: hex(1000 + (height % 4)),
  transactions: height % 3,
  bytes: 900 + 1500 * (height % 3),
  round: height % 7 === 0 ? 1 : 0,
  finalityMs: 180 + ((height * 37) % 90),
  appHash: hex(height + 500),
});

const validator = (i: number): ValidatorView => ({
  key: hex(1000 + i),
  name: ['spring', 'ember', 'birch', 'cedar'][i]!,
  self: i === 1,
  active: i !== 3,
  power: '1000',
  share: i === 3 ? 0 : 1 / 3,
  stake: '1000000000000',
  commission: 0.05,
  missed: 0,
  jailedUntil: i === 3 ? 120 : 0,
  tombstoned: false,
  signed: i === 3 ? 21 : 42,
  proposes: i === 2,
});

export const chainView = (height = 42): ChainView => ({
  network: 'devnet',
  chainId: '00000001',
  test: true,
  state: 'following',
  height,
  bestHeight: height,
  blockId: hex(height),
  appHash: hex(height + 500),
  time: 1_790_000_000_000 + height * 1000,
  round: 0,
  finalityMs: 214,
  intervalMs: 1020,
  peers: 4,
  mempool: { transactions: 3, bytes: 6_600 },
  fee: { base: '100', least: '10' },
  supply: {
    minted: '10000000000000000',
    burned: '1234500000',
    shielded: '5999998765500000',
    open: '4000000000000000',
  },
  epoch: { number: 2, blocksLeft: 18 },
  validators: [0, 1, 2, 3].map(validator),
  blocks: Array.from({ length: 20 }, (_, i) => blockView(height - i)),
});

const HISTORY: WalletEntry[] = [
  {
    kind: 'sent',
    id: hex(7),
    to: [{ address: MAIN_ADDRESS, amount: '1500000000' }],
    amount: '1500000000',
    fee: '220000',
    height: 0,
    state: 'pending',
  },
  { kind: 'received', output: 31, index: 1, amount: '250000000000', height: 40, state: 'final' },
  { kind: 'minted', output: 12, index: 0, amount: '12345678900', height: 20, state: 'final' },
];

export interface ScriptedWallet extends WalletApi {
  current: WalletView;
  entries: WalletEntry[];
  /** Requests in the order in which they came: name of the method and its argument. */
  readonly calls: [string, unknown][];
}

export const openWallet = (): WalletView => ({
  state: 'open',
  backedUp: true,
  height: 42,
  balance: { total: '262345678900', spendable: '250000000000', locked: '12345678900' },
  address: MAIN_ADDRESS,
});

/** A wallet that knows one password. */
export function scriptedWallet(): ScriptedWallet {
  const calls: [string, unknown][] = [];
  const backup = { words: WORDS, ask: [3, 11, 20] };
  const wallet: ScriptedWallet = {
    current: { state: 'missing', backedUp: false, height: 0 },
    entries: HISTORY,
    calls,
    view: () => wallet.current,
    create: async (request) => {
      calls.push(['create', request]);
      wallet.current = { ...openWallet(), backedUp: request.words !== undefined };
      return backup;
    },
    unlock: async (password) => {
      requirePassword(password);
      wallet.current = openWallet();
      return wallet.current;
    },
    lock: () => {
      wallet.current = { state: 'locked', backedUp: true, height: 42 };
      return wallet.current;
    },
    addresses: () => [
      { index: 0, address: MAIN_ADDRESS, label: '' },
      { index: 1, address: `torch1q${'w4c3r7jk0n'.repeat(9)}`, label: 'Rent' },
    ],
    addAddress: async (label) => ({ index: 2, address: `torch1q${'m5l6e0a8s2'.repeat(9)}`, label }),
    history: () => wallet.entries,
    preview: async (request) => {
      calls.push(['preview', request]);
      const { to, amount } = request;
      const total = (BigInt(amount) + 220_000n).toString();
      const change = 12_345_678_900n.toString();
      return {
        to,
        amount,
        fee: '220000',
        total,
        change,
        transfers: 1,
        inputs: 2,
        bytes: 2205,
        left: '248499780000',
      };
    },
    send: async (request) => {
      requirePassword(request.password);
      calls.push(['send', request]);
      return { id: hex(9), fee: '220000', expiry: 142, outcome: 'sent' };
    },
    prove: async (request) => {
      calls.push(['prove', request]);
      return { proof: 'proof1'.padEnd(120, 'q7z2') };
    },
    checkProof: async ({ proof }) =>
      proof.startsWith('proof1')
        ? { valid: true, to: MAIN_ADDRESS, amount: '250000000000', height: 40 }
        : { valid: false },
    words: async (password) => {
      requirePassword(password);
      return backup;
    },
    checkWords: async ({ words, password }) => {
      requirePassword(password);
      const correct = words.every(({ position, word }) => WORDS[position - 1] === word);
      if (correct) wallet.current = { ...wallet.current, backedUp: true };
      return { correct };
    },
    faucet: async () => ({ id: hex(11), fee: '0', expiry: 60, outcome: 'sent' }),
  };
  return wallet;
}

function requirePassword(password: string): void {
  if (password === PASSWORD) return;
  throw new BitorchError('PASSWORD_WRONG', 'that is not the password of this wallet');
}
