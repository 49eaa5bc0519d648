import type { Account, Curve } from '#crypto';
import { OutputScanner, type Scanner, scanHere } from './scan.ts';
import { openScanThread } from './scan-thread.ts';

/** More outputs are looked at in a thread of their own. */
const FEW = 500;

/** Where the outputs of one wallet are looked for; what is looked for is worked out once, not at every block. */
export class Scanners {
  readonly #account: Account;
  readonly #curve: Curve;
  #here: OutputScanner | undefined;

  constructor(account: Account, curve: Curve) {
    this.#account = account;
    this.#curve = curve;
  }

  /** For so many outputs; the caller closes it. */
  open(outputs: number, subaddresses: number): Scanner {
    const { viewSecret, spendKey } = this.#account;
    if (outputs > FEW) return openScanThread({ viewSecret, spendKey }, subaddresses);
    this.#here ??= new OutputScanner({ viewSecret, spendKey }, subaddresses, this.#curve);
    this.#here.expect(subaddresses);
    return scanHere(this.#here);
  }
}
