import type { Account, Curve } from '#crypto';
import { OutputScanner, type Scanner, scanHere } from './scan.ts';
import { openScanThread } from './scan-thread.ts';

/** Scans of more outputs than this run in a worker thread. */
const FEW = 500;

/** Scanners of one wallet. The subaddress table is computed once and reused, not rebuilt for every block. */
export class Scanners {
  readonly #account: Account;
  readonly #curve: Curve;
  #here: OutputScanner | undefined;

  constructor(account: Account, curve: Curve) {
    this.#account = account;
    this.#curve = curve;
  }

  /** A scanner for about `outputs` outputs; the caller closes it. */
  open(outputs: number, subaddresses: number): Scanner {
    const { viewSecret, spendKey } = this.#account;
    if (outputs > FEW) return openScanThread({ viewSecret, spendKey }, subaddresses);
    this.#here ??= new OutputScanner({ viewSecret, spendKey }, subaddresses, this.#curve);
    this.#here.expect(subaddresses);
    return scanHere(this.#here);
  }
}
