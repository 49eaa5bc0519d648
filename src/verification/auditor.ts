import { BitorchError, codeOf, equalBytes, type Logger, Mutex, messageOf } from '#base';
import type { SigningKey } from '#crypto';
import type { Executor } from '#execution';
import {
  Budgets,
  FairSlots,
  type FrameStream,
  type Host,
  type Limits,
  type PeerAddress,
  publicKeyOf,
  type Slot,
} from '#network';
import { decodeAuditRequest, encodeAuditAnswer } from './audit-messages.ts';
import { openChain, type SignedReceipt } from './chain.ts';
import {
  AUDIT_PROTOCOL,
  AUDIT_TIMEOUT_MS,
  AUDIT_WORK,
  MAX_AUDIT_BYTES,
  MAX_AUDITS,
  STATEMENT_VERSION,
  STATES_FRAME_BYTES,
  STATES_STALL_MS,
  SUPPLY_IDLE_MS,
  SUPPLY_STALL_MS,
} from './constants.ts';
import { chunkHash, rowHashes } from './hashes.ts';
import { fetchInputs } from './inputs.ts';
import { openTicket, signVerdict } from './statements.ts';
import { areSigned, receiveStates } from './states.ts';

/** Provides an executor for blocks of a model; fetches and loads them if necessary. */
export type ExecutorFor = (
  manifest: Uint8Array,
  first: number,
  end: number,
  signal: AbortSignal,
) => Promise<Executor>;

export interface AuditorDependencies {
  readonly host: Pick<Host, 'id' | 'open' | 'handle' | 'originOf'>;
  readonly key: SigningKey;
  readonly executorFor: ExecutorFor;
  /** Announced address of a peer, by peer id. By default, only peers that the host is connected to are found. */
  readonly locate?: (peer: string) => PeerAddress | undefined;
  /** Work budgets per client, per network origin and in total. */
  readonly work?: typeof AUDIT_WORK;
  /** Monotonic clock in ms. */
  readonly now?: () => number;
  readonly log: Logger;
}

/** A validated audit request. */
interface Work {
  readonly stage: string;
  readonly client: string;
  readonly ticket: Uint8Array;
  readonly chain: readonly SignedReceipt[];
  readonly tip: SignedReceipt;
}

/** Re-executes other stages' work on request and signs the result. Holds MAX_AUDITS audits at once, of which one computes. */
export class Auditor {
  readonly #dependencies: AuditorDependencies;
  readonly #places = new FairSlots({ count: MAX_AUDITS, idleMs: SUPPLY_IDLE_MS });
  /** Budgets per client and per network origin. */
  readonly #work: readonly [Budgets, Budgets];
  readonly #maxCost: number;
  readonly #computing = new Mutex();

  constructor(dependencies: AuditorDependencies) {
    this.#dependencies = dependencies;
    const { work = AUDIT_WORK, now } = dependencies;
    const budgets = (peer: Limits) => new Budgets({ peer, address: peer, all: work.all }, now && { now });
    this.#work = [budgets(work.client), budgets(work.origin)];
    this.#maxCost = work.client.burstBytes;
  }

  async start(): Promise<void> {
    const { host, log } = this.#dependencies;
    await host.handle(AUDIT_PROTOCOL, STATES_FRAME_BYTES, async (stream) => {
      try {
        const verdict = await this.#serve(stream);
        await stream.send(encodeAuditAnswer({ verdict }));
      } catch (error) {
        log.info({ client: stream.remote, error: messageOf(error) }, 'audit without a verdict');
        await stream.send(encodeAuditAnswer({ error: { code: codeOf(error), message: messageOf(error) } }));
      }
      await stream.close();
    });
  }

  async #serve(stream: FrameStream): Promise<Uint8Array> {
    const frame = await stream.read(AbortSignal.timeout(STATES_STALL_MS));
    const peer = stream.remote;
    const place = this.#places.take({ peer, origin: this.#dependencies.host.originOf(peer) });
    if (!place) throw new BitorchError('AUDITOR_BUSY', 'the auditor has no free audit slot: try again later');
    place.begin();
    try {
      return await this.#audit(stream, frame ?? new Uint8Array(), place);
    } finally {
      this.#places.release(place);
    }
  }

  async #audit(stream: FrameStream, frame: Uint8Array, place: Slot): Promise<Uint8Array> {
    const signals = [place.signal, stream.ended, AbortSignal.timeout(AUDIT_TIMEOUT_MS)];
    const signal = AbortSignal.any(signals);
    const work = await openWork(frame, stream.remote, this.#dependencies.host.id);
    this.#charge(work);
    const inputs =
      (await this.#fetch(work, signal)) ?? (await this.#receive(work, { stream, place, signal }));
    return this.#computing.run(() => this.#judge(work, inputs, signal));
  }

  /** Charges the work to the client's budgets. Throws BUDGET_EXCEEDED when one is exhausted. */
  #charge({ client, tip }: Work): void {
    const { to, width, first, end } = tip.receipt;
    const cost = Math.min(to * width * 4 * (end - first), this.#maxCost);
    const [clients, origins] = this.#work;
    clients.of(client).take(cost);
    origins.of(this.#dependencies.host.originOf(client)).take(cost);
  }

  /** Fetches the inputs from the stage. Undefined when it supplies none, or others than it signed. */
  async #fetch(work: Work, signal: AbortSignal): Promise<Float32Array | undefined> {
    const { host, locate = byConnection } = this.#dependencies;
    const { stage, client, ticket, tip } = work;
    const peer = locate(stage);
    if (!peer) return undefined;
    const { session, to, width } = tip.receipt;
    const request = { session, client, receipt: tip.id, side: 'input', ticket } as const;
    const inputs = await fetchInputs(host, peer, request, { to, width }, signal).catch(() => undefined);
    signal.throwIfAborted();
    return inputs && (await areSigned(inputs, work.chain, 'input')) ? inputs : undefined;
  }

  /** Receives the inputs from the client. They need no trust, because the stage signed their hashes. */
  async #receive(
    { chain, tip }: Work,
    { stream, place, signal }: { stream: FrameStream; place: Slot; signal: AbortSignal },
  ): Promise<Float32Array> {
    const { to, width } = tip.receipt;
    place.done();
    await stream.send(encodeAuditAnswer({ inputs: to }));
    const inputs = await receiveStates(stream, { to, width }, { stallMs: SUPPLY_STALL_MS, signal });
    place.begin();
    if (await areSigned(inputs, chain, 'input')) return inputs;
    throw new BitorchError('INPUTS_INVALID', 'the inputs sent differ from those that the stage signed');
  }

  async #judge(work: Work, inputs: Float32Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const { manifest, first, end, to, width } = work.tip.receipt;
    const executor = await this.#dependencies.executorFor(manifest, first, end, signal);
    if (executor.hidden !== width)
      throw new BitorchError(
        'AUDIT_INVALID',
        `the receipt has rows of ${width} floats, the model ${executor.hidden}`,
      );
    if (to > executor.context)
      throw new BitorchError('AUDIT_INVALID', `${to} positions exceed the context of ${executor.context}`);
    const { judged, recomputed } = await reexecute(executor, inputs, work.chain, signal);
    const { session, client, from, to: until, input, output } = judged.receipt;
    const { host, key } = this.#dependencies;
    return signVerdict(
      {
        version: STATEMENT_VERSION,
        session,
        manifest,
        client,
        stage: work.stage,
        auditor: host.id,
        first,
        end,
        receipt: judged.id,
        from,
        to: until,
        input,
        signed: output,
        recomputed,
        time: Date.now(),
      },
      key,
    );
  }
}

/**
 * Validates a request before anything is fetched for it. Throws CHAIN_BROKEN when the receipts are not one chain, AUDIT_INVALID
 * when they or the ticket are for another client, stage or auditor or the work is too large. None of these blames the stage.
 */
async function openWork(frame: Uint8Array, client: string, self: string): Promise<Work> {
  const { stage, receipts, ticket } = decodeAuditRequest(frame);
  const chain = await openChain(receipts, publicKeyOf(stage));
  const tip = chain.at(-1)!;
  const { session, to, width, client: owner } = tip.receipt;
  const given = openTicket(ticket, publicKeyOf(client));
  const fits =
    equalBytes(owner, publicKeyOf(client)) &&
    equalBytes(given.session, session) &&
    equalBytes(given.receipt, tip.id) &&
    given.stage === stage &&
    given.auditor === self;
  if (!fits)
    throw new BitorchError(
      'AUDIT_INVALID',
      'the receipts or the ticket are for another client, stage or auditor',
    );
  if (to * width * 4 > MAX_AUDIT_BYTES)
    throw new BitorchError(
      'AUDIT_INVALID',
      `the inputs of an audit are limited to ${MAX_AUDIT_BYTES >> 20} MiB`,
    );
  return { stage, client, ticket, chain, tip };
}

/** Re-executes the work up to the first chunk whose output differs, or to the end. */
async function reexecute(
  executor: Executor,
  inputs: Float32Array,
  chain: readonly SignedReceipt[],
  signal: AbortSignal,
): Promise<{ judged: SignedReceipt; recomputed: Uint8Array | null }> {
  for (const judged of chain) {
    signal.throwIfAborted();
    const { from, to, first, end, width, output } = judged.receipt;
    const rows = Array.from({ length: to - from }, (_, i) => ({ slot: 0, position: from + i }));
    const recomputed = await Promise.resolve()
      .then(() => executor.forward(rows, inputs.slice(from * width, to * width), { first, end }))
      .then((states) => chunkHash(rowHashes(states, rows.length)))
      .catch((error: unknown) => {
        // Arithmetic is exact, so every stage gets the same error: these inputs have no output that could have been signed.
        if (codeOf(error) === 'HIDDEN_NOT_FINITE') return null;
        throw error;
      });
    const same = recomputed !== null && equalBytes(recomputed, output);
    if (!same || judged === chain.at(-1)) return { judged, recomputed };
  }
  throw new RangeError('no receipts');
}

const byConnection = (id: string): PeerAddress => ({ id, addresses: [] });
