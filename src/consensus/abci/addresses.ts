import { sha256, toHex } from '#base';
import { decode, encode } from '#ledger';
import { type Application, QUESTIONS } from '../application/index.ts';

/** CometBFT names a validator by the first 20 bytes of the SHA-256 of its key. */
export const addressOf = (key: Uint8Array): Uint8Array => sha256(key).slice(0, 20);

/** Stands for a validator that nobody knows: no point, so that no beacon of it holds. */
export const NOBODY: Uint8Array = new Uint8Array(32).fill(0xff);

/** Whole keys for addresses: every validator there ever was stays in the state. */
export class Addresses {
  readonly #application: Application;
  #keys: ReadonlyMap<string, Uint8Array> = new Map();

  constructor(application: Application) {
    this.#application = application;
  }

  async keyOf(address: Uint8Array): Promise<Uint8Array> {
    const known = this.#keys.get(toHex(address));
    if (known) return known;
    const { question, answer } = QUESTIONS['/validators'];
    const { code, value } = await this.#application.query({
      path: '/validators',
      data: encode(question, {}),
    });
    const all = code === 0 ? decode(answer, value) : [];
    this.#keys = new Map(all.map(({ key }) => [toHex(addressOf(key)), key]));
    return this.#keys.get(toHex(address)) ?? NOBODY;
  }
}
