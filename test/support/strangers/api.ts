import type { ChainView, NetworkView, PaymentReceipt, WalletEntry, WalletView } from '#node';
import { WALLET_PASSWORD } from '../../../src/cli/devnet/devnet.ts';

export interface ProcessView {
  readonly memory: { readonly rss: number; readonly heapUsed: number; readonly external: number };
  readonly heldMs: {
    readonly p99: number;
    readonly max: number;
    readonly counts: { readonly upTo: number | null; readonly count: number }[];
    readonly long: { readonly at: number; readonly ms: number }[];
  };
}

interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

/** A node's API as its owner uses it. Throws for every status that is an error, and after a minute. */
export class NodeClient {
  readonly name: string;
  readonly id: string;
  readonly #url: string;
  readonly #token: string;

  constructor(node: { name: string; id: string; url: string; token: string }) {
    this.name = node.name;
    this.id = node.id;
    this.#url = node.url;
    this.#token = node.token;
  }

  process = () => this.#call<ProcessView>('/api/process');
  network = () => this.#call<NetworkView>('/api/network');
  chain = () => this.#call<ChainView>('/api/chain');
  wallet = () => this.#call<WalletView>('/api/wallet');
  history = () => this.#call<WalletEntry[]>('/api/wallet/history');
  faucet = () => this.#call<PaymentReceipt>('/api/wallet/faucet', {});
  audit = (answer: string) => this.#call<{ state: string; summary: string }>(`/api/answers/${answer}/audit`);

  pay = (to: string, amount: string) =>
    this.#call<PaymentReceipt>('/api/wallet/send', { to, amount, again: true, password: WALLET_PASSWORD });

  chat = (content: string) =>
    this.#call<{ choices: { message: { content: string } }[]; bitorch: { answerId: string } }>(
      '/v1/chat/completions',
      { messages: [{ role: 'user', content }], max_tokens: 16, temperature: 0 },
    );

  async #call<T>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(60_000),
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T;
    if (response.ok) return answer;
    const { code, message } = (answer as Failure).error;
    throw new Error(`${this.name} ${path}: ${code}: ${message}`);
  }
}
