import type * as abci from 'cosmjs-types/tendermint/abci/types';
import {
  ResponseApplySnapshotChunk_Result as ApplyResult,
  CheckTxType,
  MisbehaviorType,
  ResponseOfferSnapshot_Result as OfferResult,
  ResponseProcessProposal_ProposalStatus as ProposalStatus,
  Response,
  ResponseVerifyVoteExtension_VerifyStatus as VerifyStatus,
} from 'cosmjs-types/tendermint/abci/types';
import { BitorchError } from '#base';
import type { Application, LastCommit, Misbehavior, ValidatorPower } from '../application/index.ts';
import { Addresses } from './addresses.ts';

/** A message reduced to the fields that differ from their defaults. */
type Partly<T> = T extends Uint8Array | bigint | string | number
  ? T
  : T extends readonly (infer E)[]
    ? Partly<E>[]
    : { [K in keyof T]?: Partly<T[K]> };
type Answer = Partly<abci.Response>;
type Time = abci.RequestFinalizeBlock['time'];

/** BlockIDFlag of tendermint.types. */
const FLAGS: Readonly<Record<number, LastCommit['votes'][number]['flag']>> = { 2: 'commit', 3: 'nil' };

const OFFER_RESULTS = {
  accept: OfferResult.ACCEPT,
  abort: OfferResult.ABORT,
  reject: OfferResult.REJECT,
  'reject-format': OfferResult.REJECT_FORMAT,
} as const;

const APPLY_RESULTS = {
  accept: ApplyResult.ACCEPT,
  abort: ApplyResult.ABORT,
  retry: ApplyResult.RETRY,
  'reject-snapshot': ApplyResult.REJECT_SNAPSHOT,
} as const;

/** Translates requests of `tendermint.abci` into calls of the application, and results into responses. */
export class Dispatch {
  readonly #application: Application;
  readonly #addresses: Addresses;

  constructor(application: Application) {
    this.#application = application;
    this.#addresses = new Addresses(application);
  }

  /** Throws ABCI_INVALID when the kind of request is unknown, and whatever the application throws. */
  async answer(request: abci.Request): Promise<Uint8Array> {
    return Response.encode(Response.fromPartial((await this.#answer(request)) as abci.Response)).finish();
  }

  async #answer(request: abci.Request): Promise<Answer> {
    if (request.echo) return { echo: { message: request.echo.message } };
    if (request.flush) return { flush: {} };
    if (request.info) return { info: await this.#info() };
    if (request.initChain) return { initChain: await this.#initChain(request.initChain) };
    if (request.query) return { query: await this.#query(request.query) };
    if (request.checkTx) return { checkTx: await this.#checkTx(request.checkTx) };
    if (request.commit) return { commit: await this.#commit() };
    if (request.prepareProposal) return { prepareProposal: await this.#prepare(request.prepareProposal) };
    if (request.processProposal) return { processProposal: await this.#process(request.processProposal) };
    if (request.finalizeBlock) return { finalizeBlock: await this.#finalize(request.finalizeBlock) };
    if (request.extendVote) return { extendVote: await this.#extend(request.extendVote) };
    if (request.verifyVoteExtension)
      return { verifyVoteExtension: await this.#verify(request.verifyVoteExtension) };
    return this.#snapshots(request);
  }

  async #snapshots(request: abci.Request): Promise<Answer> {
    const application = this.#application;
    if (request.listSnapshots) {
      const snapshots = await application.listSnapshots();
      return {
        listSnapshots: { snapshots: snapshots.map((one) => ({ ...one, height: BigInt(one.height) })) },
      };
    }
    if (request.loadSnapshotChunk) {
      const { height, format, chunk } = request.loadSnapshotChunk;
      const found = await application.loadSnapshotChunk({ height: Number(height), format, chunk });
      return { loadSnapshotChunk: { chunk: found ?? new Uint8Array(0) } };
    }
    if (request.offerSnapshot) {
      const { snapshot, appHash } = request.offerSnapshot;
      if (!snapshot) return { offerSnapshot: { result: OfferResult.REJECT } };
      const offer = { snapshot: { ...snapshot, height: Number(snapshot.height) }, appHash };
      return { offerSnapshot: { result: OFFER_RESULTS[await application.offerSnapshot(offer)] } };
    }
    if (request.applySnapshotChunk) {
      const { result, rejectSenders } = await application.applySnapshotChunk(request.applySnapshotChunk);
      const refetchChunks = result === 'retry' ? [request.applySnapshotChunk.index] : [];
      const senders = { rejectSenders: [...rejectSenders], refetchChunks };
      return { applySnapshotChunk: { result: APPLY_RESULTS[result], ...senders } };
    }
    throw new BitorchError('ABCI_INVALID', 'not ABCI: unknown kind of request');
  }

  async #info() {
    const { height, appHash } = await this.#application.info();
    return { data: 'bitorch', lastBlockHeight: BigInt(height), lastBlockAppHash: appHash };
  }

  async #initChain({ chainId, time, appStateBytes, initialHeight }: abci.RequestInitChain) {
    const { validators, appHash } = await this.#application.initChain({
      chainId,
      genesis: appStateBytes,
      time: millisecondsOf(time),
      initialHeight: Number(initialHeight),
    });
    return { validators: validators.map(updateOf), appHash };
  }

  async #checkTx({ tx, type }: abci.RequestCheckTx) {
    const { code, log } = await this.#application.checkTx({
      bytes: tx,
      recheck: type === CheckTxType.RECHECK,
    });
    return { code, log };
  }

  async #commit() {
    return { retainHeight: BigInt((await this.#application.commit()).retainHeight) };
  }

  async #prepare({ height, time, proposerAddress, maxTxBytes, txs }: abci.RequestPrepareProposal) {
    const { transactions } = await this.#application.prepareProposal({
      height: Number(height),
      time: millisecondsOf(time),
      proposer: await this.#addresses.keyOf(proposerAddress),
      maxBytes: Number(maxTxBytes),
      transactions: txs,
    });
    return { txs: [...transactions] };
  }

  async #process(request: abci.RequestProcessProposal) {
    const accept = await this.#application.processProposal(
      await this.#blockOf(request, request.proposedLastCommit),
    );
    return { status: accept ? ProposalStatus.ACCEPT : ProposalStatus.REJECT };
  }

  async #finalize(request: abci.RequestFinalizeBlock) {
    const { results, validatorUpdates, appHash } = await this.#application.finalizeBlock(
      await this.#blockOf(request, request.decidedLastCommit),
    );
    const txResults = results.map(({ code, log }) => ({ code, log }));
    return { txResults, validatorUpdates: validatorUpdates.map(updateOf), appHash };
  }

  async #extend({ height, hash }: abci.RequestExtendVote) {
    return { voteExtension: await this.#application.extendVote({ height: Number(height), blockId: hash }) };
  }

  async #verify({ hash, validatorAddress, height, voteExtension }: abci.RequestVerifyVoteExtension) {
    const accept = await this.#application.verifyVoteExtension({
      height: Number(height),
      blockId: hash,
      validator: await this.#addresses.keyOf(validatorAddress),
      extension: voteExtension,
    });
    return { status: accept ? VerifyStatus.ACCEPT : VerifyStatus.REJECT };
  }

  async #query({ path, data, height, prove }: abci.RequestQuery) {
    const answer = await this.#application.query({ path, data, height: Number(height), prove });
    const { code, log, value, proof } = answer;
    const ops = [{ type: 'bitorch:account', key: data, data: proof }];
    return {
      code,
      log,
      value,
      height: BigInt(answer.height),
      ...(proof.length > 0 && { proofOps: { ops } }),
    };
  }

  async #blockOf(
    request: Omit<abci.RequestProcessProposal, 'proposedLastCommit'>,
    lastCommit: abci.CommitInfo,
  ) {
    return {
      height: Number(request.height),
      time: millisecondsOf(request.time),
      proposer: await this.#addresses.keyOf(request.proposerAddress),
      blockId: request.hash,
      transactions: request.txs,
      misbehavior: await Promise.all(request.misbehavior.map((one) => this.#misbehaviorOf(one))),
      lastCommit: await this.#commitOf(lastCommit),
    };
  }

  async #misbehaviorOf({ type, validator, height }: abci.Misbehavior): Promise<Misbehavior> {
    const kind = type === MisbehaviorType.DUPLICATE_VOTE ? 'duplicate-vote' : 'light-client-attack';
    return { kind, validator: await this.#addresses.keyOf(validator.address), height: Number(height) };
  }

  async #commitOf({ round, votes }: abci.CommitInfo): Promise<LastCommit> {
    const named = votes.map(async ({ validator, blockIdFlag }) => ({
      validator: await this.#addresses.keyOf(validator.address),
      power: Number(validator.power),
      flag: FLAGS[blockIdFlag] ?? 'absent',
    }));
    return { round, votes: await Promise.all(named) };
  }
}

const updateOf = ({ key, power }: ValidatorPower) => ({ pubKey: { ed25519: key }, power: BigInt(power) });

/** Truncates nanoseconds. */
const millisecondsOf = ({ seconds, nanos }: Time): number =>
  Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
