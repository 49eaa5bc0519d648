import { decode, encode } from '#ledger';
import { type Application, QUESTIONS } from '../application/index.ts';

/**
 * Placeholder for a validator whose key is unknown. Not a point of the curve, so no beacon proof verifies under it.
 */
const NOBODY: Uint8Array = new Uint8Array(32).fill(0xff);

/**
 * Maps the addresses by which CometBFT names validators to whole public keys. Reads only the state, so every node
 * gets the same result.
 */
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
