import { BitorchError, codeOf, equalBytes, type Logger, messageOf } from '#base';
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

/** Gives an executor for blocks of a model, fetching and loading them first where needed. */
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
  /** Where the peer with this id says that it can be reached; by default what the host knows of its connections. */
  readonly locate?: (peer: string) => PeerAddress | undefined;
  /** What is computed for one client, for one address and for all. */
  readonly work?: typeof AUDIT_WORK;
  /** Milliseconds that only go on. */
  readonly now?: () => number;
  readonly log: Logger;
}

/** A client's request whose receipts and ticket are in order. */
interface Work {
  readonly stage: string;
  readonly client: string;
  readonly ticket: Uint8Array;
  readonly chain: readonly SignedReceipt[];
  readonly tip: SignedReceipt;
}

/** Re-executes other stages' work on request and signs what it got. A few audits at once, of which one computes. */
export class Auditor {
  readonly #dependencies: AuditorDependencies;
  readonly #places = new FairSlots({ count: MAX_AUDITS, idleMs: SUPPLY_IDLE_MS });
  /** By client, and by where clients come from. */
  readonly #work: readonly [Budgets, Budgets];
  readonly #mostWork: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(dependencies: AuditorDependencies) {
    this.#dependencies = dependencies;
    const { work = AUDIT_WORK, now } = dependencies;
    const budgets = (peer: Limits) => new Budgets({ peer, address: peer, all: work.all }, now && { now });
    this.#work = [budgets(work.client), budgets(work.origin)];
    this.#mostWork = work.client.burstBytes;
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
    if (!place) throw new BitorchError('AUDITOR_BUSY', 'too many audits wait here');
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
    const computing = this.#last.then(() => this.#judge(work, inputs, signal));
    this.#last = computing.catch(() => undefined);
    return computing;
  }

  /** Throws BUDGET_EXCEEDED for a client that asks for more than is done for one. */
  #charge({ client, tip }: Work): void {
    const { to, width, first, end } = tip.receipt;
    const cost = Math.min(to * width * 4 * (end - first), this.#mostWork);
    const [clients, origins] = this.#work;
    clients.of(client).take(cost);
    origins.of(this.#dependencies.host.originOf(client)).take(cost);
  }

  /** The inputs from the stage, which owes them; undefined when it hands over none that it has signed. */
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

  /** The inputs from the client: whoever gives them, the stage has signed their hashes. */
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
    throw new BitorchError('INPUTS_INVALID', 'the stage has signed other inputs than those that were sent');
  }

  async #judge(work: Work, inputs: Float32Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const { manifest, first, end, to, width } = work.tip.receipt;
    const executor = await this.#dependencies.executorFor(manifest, first, end, signal);
    if (executor.hidden !== width)
      throw new BitorchError('AUDIT_INVALID', `rows of this model have ${executor.hidden} floats`);
    if (to > executor.context)
      throw new BitorchError('AUDIT_INVALID', `${to} positions are more than the model's context`);
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
 * Checks a request before anything is fetched for it. Throws CHAIN_BROKEN when the receipts are not one piece of work,
 * AUDIT_INVALID when the asker or the ticket is another's or the work is too large: nothing of that is the stage's fault.
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
      `an audit has at most ${MAX_AUDIT_BYTES >> 20} MiB of inputs here`,
    );
  return { stage, client, ticket, chain, tip };
}

/** Runs the work again until a chunk differs, or to its end. */
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
        // Exact arithmetic gives the same error everywhere: these inputs have no output that a stage could have signed.
        if (codeOf(error) === 'HIDDEN_NOT_FINITE') return null;
        throw error;
      });
    const same = recomputed !== null && equalBytes(recomputed, output);
    if (!same || judged === chain.at(-1)) return { judged, recomputed };
  }
  throw new RangeError('no receipts');
}

const byConnection = (id: string): PeerAddress => ({ id, addresses: [] });
