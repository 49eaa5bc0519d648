import { BitorchError, codeOf, equalBytes } from '#base';
import { StateBuilder } from '#ledger';
import { type Change, type Entry, everythingIn, Overlay, type Store } from '#store';
import type { ApplyChunkRequest, ApplyChunkResult, OfferSnapshotRequest } from '../application.ts';
import {
  applicationHash,
  CHAIN_RECORD_KEY,
  type ChainRecord,
  chainRecordOf,
  recordHash,
} from '../chain-record.ts';
import { chunkHash, chunkHashesOf, describeSnapshot, recordsIn, SNAPSHOT_FORMAT } from './chunks.ts';

/** A store in which an unverified state is built, and how to discard it. */
export interface Staging {
  readonly store: Store;
  discard(): Promise<void>;
}

const ACCEPT: ApplyChunkResult = { result: 'accept', rejectSenders: [] };
const REJECT: ApplyChunkResult = { result: 'reject-snapshot', rejectSenders: [] };

/**
 * A snapshot being restored. It takes effect only once its app hash matches the one that was trusted beforehand.
 */
export class Restoration {
  readonly #height: number;
  readonly #appHash: Uint8Array;
  readonly #hashes: readonly Uint8Array[];
  readonly #staging: Staging;
  readonly #builder: StateBuilder;
  #next = 0;
  #lastKey: Uint8Array = new Uint8Array(0);

  private constructor(
    { snapshot, appHash }: OfferSnapshotRequest,
    hashes: readonly Uint8Array[],
    staging: Staging,
  ) {
    this.#height = snapshot.height;
    this.#appHash = appHash;
    this.#hashes = hashes;
    this.#staging = staging;
    this.#builder = new StateBuilder(staging.store);
  }

  /** Undefined when the offer is not a valid snapshot. */
  static async begin(
    offer: OfferSnapshotRequest,
    stage: () => Promise<Staging>,
  ): Promise<Restoration | undefined> {
    const { snapshot, appHash } = offer;
    if (snapshot.format !== SNAPSHOT_FORMAT || snapshot.height < 1 || appHash.length !== 32) return undefined;
    const hashes = hashesIn(offer);
    const described = hashes && describeSnapshot(snapshot.height, hashes);
    if (!described || described.chunks !== snapshot.chunks || !equalBytes(described.hash, snapshot.hash)) {
      return undefined;
    }
    return new Restoration(offer, hashes, await stage());
  }

  /** Chunks must come in order. */
  apply({ index, chunk, sender }: ApplyChunkRequest): ApplyChunkResult {
    if (index !== this.#next) return { result: 'abort', rejectSenders: [] };
    if (!equalBytes(chunkHash(chunk), this.#hashes[index]!))
      return { result: 'retry', rejectSenders: [sender] };
    try {
      this.#add(recordsIn(chunk));
    } catch (error) {
      if (codeOf(error) === 'SNAPSHOT_INVALID' || codeOf(error) === 'CODEC_INVALID') return REJECT;
      throw error;
    }
    this.#next++;
    if (this.isComplete && !this.#isTrusted()) return REJECT;
    return ACCEPT;
  }

  get isComplete(): boolean {
    return this.#next === this.#hashes.length;
  }

  /** Everything to write into an empty store, once complete. */
  state(): Iterable<Change> {
    return everythingIn(this.#staging.store);
  }

  async discard(): Promise<void> {
    await this.#staging.discard();
  }

  #add(records: readonly Entry[]): void {
    for (const { key } of records) {
      if (Buffer.compare(this.#lastKey, key) >= 0) throw invalid('records are not ordered by key');
      this.#lastKey = key;
    }
    const ofChain = (key: Uint8Array) => equalBytes(key, CHAIN_RECORD_KEY);
    const view = new Overlay(this.#staging.store);
    for (const { key, value } of records) if (ofChain(key)) view.put(key, value);
    this.#staging.store.commit(view.changes());
    // Outputs and spends come before the chain record, accounts after it: the key order is kept.
    this.#builder.add(records.filter(({ key }) => !ofChain(key)));
  }

  #isTrusted(): boolean {
    const ledgerHash = this.#builder.finish(this.#height);
    const record = readRecord(this.#staging.store);
    return record !== undefined && equalBytes(applicationHash(ledgerHash, recordHash(record)), this.#appHash);
  }
}

function hashesIn({ snapshot }: OfferSnapshotRequest): readonly Uint8Array[] | undefined {
  try {
    return chunkHashesOf(snapshot);
  } catch (error) {
    if (codeOf(error) === 'CODEC_INVALID') return undefined;
    throw error;
  }
}

function readRecord(store: Store): ChainRecord | undefined {
  try {
    return chainRecordOf(store);
  } catch (error) {
    if (codeOf(error) === 'CODEC_INVALID') return undefined;
    throw error;
  }
}

const invalid = (why: string): BitorchError => new BitorchError('SNAPSHOT_INVALID', `not a snapshot: ${why}`);
