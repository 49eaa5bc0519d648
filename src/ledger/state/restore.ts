import { BitorchError, messageOf } from '#base';
import { type Entry, Overlay, orderedNumber, type ReadView, type Store } from '#store';
import { balanceOf, noteValidator, validators } from '../accounts/index.ts';
import {
  ACCOUNTS,
  accountTree,
  heads,
  keyImageRange,
  keyImages,
  OUTPUTS,
  outputCodec,
  outputRange,
  outputs,
  outputTotals,
  SPENDS,
  spendCodec,
} from '../buckets.ts';
import { decode } from '../codec/index.ts';
import { appHashOf, recordSpends } from './block.ts';

/** The primary records of a state in key order; everything else in a store is derived from them. */
export function* stateRecords(view: ReadView): Iterable<Entry> {
  for (const tag of [OUTPUTS, SPENDS]) {
    yield* view.range({ from: Uint8Array.of(tag), to: Uint8Array.of(tag + 1) });
  }
  yield* view.range({ from: Uint8Array.of(ACCOUNTS), to: Uint8Array.of(0xff) });
}

/**
 * Rebuilds a state from records of an untrusted source. Recomputes the accumulators, so that the final app hash covers every
 * byte.
 */
export class StateBuilder {
  readonly #store: Store;

  /** @param store an empty store, to be discarded unless the final app hash is the expected one */
  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Adds the next records in the order of `stateRecords`. Throws SNAPSHOT_INVALID when a record cannot be part of a state.
   */
  add(records: readonly Entry[]): void {
    const view = new Overlay(this.#store);
    try {
      for (const record of records) addRecord(view, record);
      const accounts = records.filter(({ key }) => key[0]! >= ACCOUNTS);
      if (accounts.length > 0) accountTree.update(view, accounts);
    } catch (error) {
      throw new BitorchError('SNAPSHOT_INVALID', `not a record of a state: ${messageOf(error)}`);
    }
    this.#store.commit(view.changes());
  }

  /** Writes the head, after which the ledger can be opened. Returns the app hash. */
  finish(height: number): Uint8Array {
    const view = new Overlay(this.#store);
    const appHash = appHashOf(view, height);
    heads.put(view, 0, { height, appHash });
    this.#store.commit(view.changes());
    return appHash;
  }
}

function addRecord(view: Overlay, { key, value }: Entry): void {
  if (key[0]! >= ACCOUNTS) {
    balanceOf(key, value);
    view.put(key, value);
    if (key[0] === validators.tag) addValidator(view, key.subarray(1));
  } else if (key[0] === OUTPUTS) addOutput(view, key, value);
  else if (key[0] === SPENDS) addSpend(view, key, value);
  else throw new RangeError(`unknown tag ${key[0]}`);
}

function addValidator(view: Overlay, id: Uint8Array): void {
  noteValidator(view, id, undefined, validators.bucket.get(view, id));
}

function addOutput(view: Overlay, key: Uint8Array, value: Uint8Array): void {
  const output = decode(outputCodec, value);
  const number = outputRange.count(view);
  requireNumber(key, number);
  const before = number > 0 ? outputs.get(view, number - 1)!.height : 0;
  if (output.height < before) throw new RangeError('outputs are not in order of height');
  outputs.put(view, number, output);
  outputTotals.put(view, output.height, number + 1);
  outputRange.append(view, [value]);
}

function addSpend(view: Overlay, key: Uint8Array, value: Uint8Array): void {
  const spend = decode(spendCodec, value);
  requireNumber(key, keyImageRange.count(view));
  if (keyImages.has(view, spend.keyImage)) throw new RangeError('an output is spent twice');
  keyImages.put(view, spend.keyImage, spend.height);
  recordSpends(view, [spend]);
}

function requireNumber(key: Uint8Array, expected: number): void {
  if (key.length !== 9 || orderedNumber.decode(key.subarray(1)) !== expected) {
    throw new RangeError(`expected number ${expected}`);
  }
}
