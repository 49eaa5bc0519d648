import type { Address, Curve } from '#crypto';
import { Overlay, type ReadView } from '#store';
import { type OneTime, parametersOf, supplyRecord } from '../accounts/index.ts';
import type { ActionContext } from '../actions/action.ts';
import { keyImages, type OutputRecord, outputsUpTo } from '../buckets.ts';
import { isProven } from '../equivocation.ts';
import type { Parameters } from '../parameters.ts';
import { mintedOutput, refundedOutput } from './minting.ts';

/** Changes of the supply sums by a block, in sparks; see `supply.ts`. */
export interface SupplyFlow {
  readonly minted: bigint;
  readonly burned: bigint;
  readonly shielded: bigint;
}

export interface DraftOptions {
  readonly height: number;
  readonly curve: Curve;
  /** Those of the state by default. */
  readonly parameters?: Parameters;
  /** Verifies in this thread by default. */
  readonly proves?: ActionContext['proves'] | undefined;
}

const longestMaturity = ({ maturity, mintMaturity }: Parameters): number => Math.max(maturity, mintMaturity);

/** A block or transaction being applied: writes, new outputs and supply changes that can still be dropped. */
export class Draft implements ActionContext {
  readonly view: Overlay;
  readonly before: ReadView;
  readonly height: number;
  readonly parameters: Parameters;
  readonly curve: Curve;
  readonly proves: ActionContext['proves'];
  /** Outputs numbered below this are mature, minted or not. */
  readonly ripe: number;
  readonly #created: OutputRecord[] = [];
  readonly #spent: Uint8Array[] = [];
  readonly #firstPosition: number;
  readonly #shieldedBefore: bigint;
  #minted = 0n;
  #burned = 0n;
  #shielded = 0n;

  constructor(base: ReadView, { height, curve, parameters, proves = isProven }: DraftOptions, below?: Draft) {
    this.view = new Overlay(base);
    this.height = height;
    this.curve = curve;
    this.parameters = parameters ?? parametersOf(base);
    this.proves = proves;
    this.before = below?.before ?? base;
    this.ripe = below?.ripe ?? outputsUpTo(base, height - longestMaturity(this.parameters));
    this.#firstPosition = below ? below.#firstPosition + below.#created.length : 0;
    this.#shieldedBefore = below?.shielded ?? supplyRecord.bucket.get(base, null)?.shielded ?? 0n;
  }

  /** A draft on top of this one, for a transaction that can fail. */
  fork(): Draft {
    return new Draft(this.view, this, this);
  }

  /** Merges a fork into this draft. */
  adopt(fork: Draft): void {
    this.view.absorb(fork.view);
    this.#created.push(...fork.#created);
    this.#spent.push(...fork.#spent);
    this.#minted += fork.#minted;
    this.#burned += fork.#burned;
    this.#shielded += fork.#shielded;
  }

  get created(): readonly OutputRecord[] {
    return this.#created;
  }

  /** Key images, in the order of the transactions. */
  get spent(): readonly Uint8Array[] {
    return this.#spent;
  }

  spend(keyImage: Uint8Array): void {
    keyImages.put(this.view, keyImage, this.height);
    this.#spent.push(keyImage);
  }

  /** Current shielded supply, in sparks. */
  get shielded(): bigint {
    return this.#shieldedBefore + this.#shielded;
  }

  get flow(): SupplyFlow {
    return { minted: this.#minted, burned: this.#burned, shielded: this.#shielded };
  }

  /** Counts new money; the caller adds it to an account. */
  mint(amount: bigint): void {
    this.#minted += amount;
  }

  readonly burn = (amount: bigint): void => {
    this.#burned += amount;
  };

  /** Creates a one-time output with money taken from a public account, for which `signer` signed. */
  refund(to: OneTime, signer: Uint8Array, amount: bigint): void {
    if (amount === 0n) return;
    this.#created.push(refundedOutput(to, signer, amount, this.height, this.curve));
    this.#shielded += amount;
  }

  /** Creates an output for an address with money taken from a public account. */
  pay(to: Address, amount: bigint): void {
    if (amount === 0n) return;
    const number = this.#firstPosition + this.#created.length;
    this.#created.push(mintedOutput(to, amount, this.parameters.chainId, this.height, number, this.curve));
    this.#shielded += amount;
  }

  /** Adds an output of a transaction; its amount stays within the shielded supply. */
  create(output: OutputRecord): void {
    this.#created.push(output);
  }

  /** Moves sparks of a transaction: fee and deposits out of the shielded supply, releases into it. */
  cross(deposits: bigint, releases: bigint, fee: bigint): void {
    this.#shielded += releases - deposits - fee;
  }
}
