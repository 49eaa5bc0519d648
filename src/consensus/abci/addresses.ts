import { decode, encode } from '#ledger';
import { type Application, QUESTIONS } from '../application/index.ts';

/** Stands for a validator that nobody knows: no point, so that no beacon of it holds. */
export const NOBODY: Uint8Array = new Uint8Array(32).fill(0xff);

/** Whole keys for addresses, by which CometBFT names validators: out of the state, so that all machines find the same. */
export class Addresses {
  readonly #application: Application;

  constructor(application: Application) {
    this.#application = application;
  }

  async keyOf(address: Uint8Array): Promise<Uint8Array> {
    if (address.length !== 20) return NOBODY;
    const { question, answer } = QUESTIONS['/validator-key'];
    const { code, value } = await this.#application.query({
      path: '/validator-key',
      data: encode(question, { address }),
    });
    const [key] = code === 0 ? decode(answer, value) : [];
    return key ?? NOBODY;
  }
}
