import { randomUUID } from 'node:crypto';
import { BitorchError, codeOf, fromHex, type Logger, type OnProgress, shuffled, toHex, Wakeup } from '#base';
import type { SigningKey } from '#crypto';
import { boundaryRanges } from '#distribution';
import {
  Boundary,
  ClientSession,
  chatPrompt,
  type GenerateEvent,
  generate,
  openTokenizer,
  planRoute,
  planSession,
  type SamplingOptions,
  type StageOffer,
  type Tokenizer,
} from '#execution';
import { type Host, parseCircuit, remoteCodeOf } from '#network';
import { AnswerRecord } from '#verification';
import type {
  AuditResult,
  ChatEvent,
  ChatMessage,
  ChatRequest,
  FinishReason,
  TokenLogprob,
} from '../api/node-api.ts';
import { demandNotRefused, fetchRanges, type Model, tensorReader } from '../models/library.ts';
import type { Directory, KnownNode } from '../peers/directory.ts';
import type { ModelGuard } from '../security/model-guard.ts';
import { AnswerAudits, hopOf } from './answer-audits.ts';
import { FailureMemory } from './failure-memory.ts';
import type { LoadOptions } from './load-stage.ts';

/** Routes that are tried for one answer before it waits for a slot. */
const MAX_ROUTES = 3;
/** How long an answer waits for a slot, in ms. */
const MAX_WAIT_MS = 300_000;
/** When to try again after that, in seconds. */
const RETRY_AFTER_S = 10;
/** What a stage says whose slots are taken. */
const BUSY = new Set(['STAGE_BUSY', 'PLACE_RECLAIMED']);

/** What only the stage itself can have caused, so that its neighbours on a route are not suspected: what we see of it … */
const OWN_FAULTS = new Set(['PEER_UNREACHABLE', 'RECEIPT_INVALID', 'CHAIN_BROKEN', 'SIGNATURE_INVALID']);
/** … and what it says of itself. */
const OWN_REFUSALS = new Set([
  'STAGE_STOPPING',
  'BLOCKS_NOT_SERVED',
  'PERIOD_INVALID',
  'MODEL_PENDING',
  'MODEL_QUARANTINED',
]);
/** Long enough for most answers; who wants more says so. */
const DEFAULT_MAX_TOKENS = 1024;

interface OpenSession {
  readonly session: ClientSession;
  readonly record: AnswerRecord;
}

interface ChatModel {
  readonly model: Model;
  readonly boundary: Boundary;
  readonly tokenizer: Tokenizer;
}

export interface ChatClientDependencies {
  readonly host: Host;
  readonly key: SigningKey;
  readonly directory: Directory;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onAudit: (audit: AuditResult) => void;
  readonly guard: Pick<ModelGuard, 'refuseQuarantined'>;
}

/** The role "client": embedding, head and sampling here, the blocks on other nodes, an audit after each answer. */
export class ChatClient {
  readonly #dependencies: ChatClientDependencies;
  readonly #system: string | undefined;
  readonly #models = new Map<string, ChatModel>();
  readonly #failures = new FailureMemory();
  readonly #audits: AnswerAudits;

  constructor(options: { system?: string | undefined }, dependencies: ChatClientDependencies) {
    this.#system = options.system;
    this.#dependencies = dependencies;
    const { host, key, directory, signal, onAudit } = dependencies;
    this.#audits = new AnswerAudits({ host, key, directory, signal, onAudit, failures: this.#failures });
  }

  /** Fetches and loads the client's part of a model: no block of it. */
  async load(
    model: Model,
    options: Pick<LoadOptions, 'threads' | 'pin'> & { onProgress: OnProgress; signal: AbortSignal },
  ): Promise<void> {
    const { manifest } = model;
    await fetchRanges(model, boundaryRanges(manifest), options);
    const tensors = manifest.boundary.tensors;
    const { architecture } = manifest;
    const boundary = await Boundary.load({ ...options, architecture, tensors, read: tensorReader(model) });
    const tokenizer = await openTokenizer(manifest.tokenizer, manifest.boundary.ranges, (...range) =>
      model.torrent.read(...range),
    );
    this.#models.set(model.id, { model, boundary, tokenizer });
  }

  async stop(): Promise<void> {
    for (const { boundary } of this.#models.values()) await boundary.stop();
  }

  audit(answerId: string): AuditResult | undefined {
    return this.#audits.find(answerId);
  }

  /** Answers a chat; see NodeApi.chat. */
  async *chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const started = performance.now();
    const { model, boundary, tokenizer } = this.#find(request.model);
    this.#dependencies.guard.refuseQuarantined(model.id);
    demandNotRefused(model);
    const { chatTemplate } = model.manifest;
    const { vocab } = model.manifest.architecture;
    const messages = request.addSystem === false ? request.messages : this.#withSystem(request.messages);
    const prompt = chatPrompt(messages, { tokenizer, chatTemplate, vocab }, request.continued);
    const sampling = samplingOf(request, vocab);
    const { session, record } = yield* this.#openSession(model, signal);
    const answerId = randomUUID();
    let concluded: Promise<void> | undefined;
    const cut = () => session.abort();
    try {
      signal.throwIfAborted();
      signal.addEventListener('abort', cut, { once: true });
      const options = {
        prompt,
        maxTokens: request.maxTokens ?? DEFAULT_MAX_TOKENS,
        sampling,
        stop: request.stop ?? [],
        continues: request.continued !== undefined,
        logprobs: request.logprobs,
      };
      // What is wrong with the request is said before the answer begins.
      const events = generate(options, { boundary, session, tokenizer });
      const { context } = session;
      yield { type: 'route', answerId, model: model.id, hops: record.plan.route.map(hopOf), context };
      let firstTokenAt = 0;
      for await (const event of events) {
        if (event.type !== 'end') signal.throwIfAborted();
        if (event.type === 'prefill') yield event;
        if (event.type === 'text') {
          firstTokenAt ||= performance.now();
          yield tokenEvent(event, tokenizer);
        }
        if (event.type !== 'end') continue;
        // The answer is complete: whether anybody still listens makes no difference to its audit.
        signal.removeEventListener('abort', cut);
        concluded = this.#conclude(answerId, session, record);
        yield done(event.reason, event.tokens, firstTokenAt || performance.now());
      }
    } catch (error) {
      if (concluded || signal.aborted) return;
      this.#blame(error, record.plan.route);
      throw error;
    } finally {
      signal.removeEventListener('abort', cut);
      if (concluded) await concluded;
      else {
        session.abort();
        if (record.length > 0) this.#audits.skip(answerId);
      }
    }

    function done(reason: FinishReason, tokens: number, firstTokenAt: number): ChatEvent {
      const seconds = (performance.now() - firstTokenAt) / 1000;
      return {
        type: 'done',
        reason,
        promptTokens: prompt.length,
        completionTokens: tokens,
        timeToFirstTokenMs: firstTokenAt - started,
        // The first token came with the prefill.
        tokensPerSecond: tokens > 1 && seconds > 0 ? (tokens - 1) / seconds : 0,
      };
    }
  }

  #withSystem(messages: ChatMessage[]): ChatMessage[] {
    if (this.#system === undefined || messages.some(({ role }) => role === 'system')) return messages;
    return [{ role: 'system', content: this.#system }, ...messages];
  }

  #find(asked: string | undefined): ChatModel {
    const models = [...this.#models.values()];
    const found = asked
      ? models.find(({ model }) => model.id === asked || model.manifest.name === asked)
      : models[0];
    if (found) return found;
    const names = models.map(({ model }) => model.manifest.name).join(', ') || 'none yet';
    throw new BitorchError(
      'MODEL_UNKNOWN',
      `this node cannot chat with ${asked ?? 'any model'}; it can with: ${names}`,
    );
  }

  /**
   * Opens a session on the best route; where a stage refuses or fails, on the next best one. When their slots are taken, it
   * waits. Throws STAGE_FAILED, STAGE_BUSY, BLOCKS_MISSING.
   */
  async *#openSession(model: Model, signal: AbortSignal): AsyncGenerator<ChatEvent, OpenSession> {
    let route = await this.#findRoute(model);
    for (let tries = 1; ; tries++) {
      const made = this.#newSession(model, route);
      try {
        await made.session.open(signal);
        return made;
      } catch (error) {
        if (signal.aborted) throw error;
        this.#blame(error, route);
        const next = await this.#findRoute(model);
        if (tries < MAX_ROUTES && !sameRoute(route, next)) route = next;
        else if (isBusy(error)) return yield* this.#waitForSession(this.#newSession(model, next), signal);
        else throw error;
      }
    }
  }

  /** Waits for a slot at every stage, and yields where the answer stands in their queues. */
  async *#waitForSession(made: OpenSession, signal: AbortSignal): AsyncGenerator<ChatEvent, OpenSession> {
    const { session, record } = made;
    const { route } = record.plan;
    const late = AbortSignal.timeout(MAX_WAIT_MS);
    const news = new Wakeup();
    let latest: ChatEvent | undefined;
    let isOver = false;
    const opened = session.wait(AbortSignal.any([signal, late]), ({ hop, position, estimateMs }) => {
      const { id: nodeId, name } = route[hop]!;
      latest = { type: 'queued', node: { nodeId, name }, position, estimateMs };
      news.wake();
    });
    const end = () => {
      isOver = true;
      news.wake();
    };
    opened.then(end, end);
    let isOpen = false;
    try {
      while (!isOver) {
        await news.wait();
        if (latest) yield latest;
        latest = undefined;
      }
      await opened;
      isOpen = true;
      return made;
    } catch (error) {
      if (signal.aborted) throw error;
      if (!late.aborted && !isBusy(error)) this.#blame(error, route);
      throw late.aborted || isBusy(error) ? allBusy() : error;
    } finally {
      if (!isOpen) session.abort();
    }
  }

  #newSession(model: Model, route: readonly StageOffer[]): OpenSession {
    const plan = planSession(fromHex(model.id), route);
    const record = new AnswerRecord(plan);
    const { hidden } = model.manifest.architecture;
    const session = new ClientSession({ plan, hidden }, { host: this.#dependencies.host, observer: record });
    return { session, record };
  }

  /** Plans a route, and asks the network for blocks that no known node runs. Throws BLOCKS_MISSING. */
  async #findRoute(model: Model): Promise<StageOffer[]> {
    for (let sought = -1; ; ) {
      try {
        return this.#planRoute(model);
      } catch (error) {
        const block = error instanceof BitorchError ? error.details.block : undefined;
        // Each search covers at least the block that was missing.
        if (codeOf(error) !== 'BLOCKS_MISSING' || typeof block !== 'number' || block <= sought) throw error;
        await this.#dependencies.directory.seek(model.id, block);
        sought = block;
      }
    }
  }

  #planRoute({ id, manifest }: Model): StageOffer[] {
    const offers = this.#dependencies.directory.nodes().flatMap((node) => {
      const blocks = node.holdings.find(({ manifest }) => toHex(manifest) === id)?.blocks;
      return blocks ? [{ ...offerOf(node, blocks), relayed: this.#isRelayed(node) }] : [];
    });
    // Replicas share the load: of equal offers the planner takes the first.
    return planRoute(manifest.architecture.layers, shuffled(offers), (id) => this.#failures.avoidance(id));
  }

  /** Whether all ways to a node go through relays, as far as this node knows. */
  #isRelayed({ id, addresses }: KnownNode): boolean {
    const circuits = addresses.filter((address) => parseCircuit(address));
    return (
      circuits.length > 0 && circuits.length === addresses.length && !this.#dependencies.host.isDirect(id)
    );
  }

  /** Remembers who failed, and its neighbours on the route where the fault may be theirs. */
  #blame(error: unknown, route: readonly StageOffer[]): void {
    if (!(error instanceof BitorchError) || error.code !== 'STAGE_FAILED') return;
    const hop = route.findIndex(
      ({ id, first }) => id === error.details.nodeId && first === error.details.first,
    );
    if (isBusy(error)) {
      for (const stage of route.slice(hop, hop + 1)) this.#failures.noteBusy(stage.id);
      return;
    }
    const alone = OWN_FAULTS.has(codeOf(error.cause)) || OWN_REFUSALS.has(remoteCodeOf(error.cause) ?? '');
    const near = alone ? [hop] : [hop - 1, hop, hop + 1];
    for (const stage of near.flatMap((at) => route[at] ?? [])) this.#failures.note(stage.id);
  }

  /** Ends the session of a complete answer and has it audited. */
  async #conclude(answerId: string, session: ClientSession, record: AnswerRecord): Promise<void> {
    await session.close();
    if (record.length > 0) this.#audits.start(answerId, record, session.hidden);
  }
}

/** Whether a stage refused a session because its slots are taken. */
const isBusy = (error: unknown): boolean =>
  error instanceof BitorchError && error.code === 'STAGE_FAILED' && BUSY.has(remoteCodeOf(error.cause) ?? '');

const allBusy = (): BitorchError =>
  new BitorchError('STAGE_BUSY', 'all computers that run this model are busy: try again in a moment', {
    retryAfterS: RETRY_AFTER_S,
  });

const sameRoute = (a: readonly StageOffer[], b: readonly StageOffer[]): boolean =>
  a.length === b.length && a.every((stage, hop) => stage.id === b[hop]!.id && stage.end === b[hop]!.end);

const offerOf = (node: KnownNode, [first, end]: readonly [number, number]): StageOffer => ({
  id: node.id,
  addresses: node.addresses,
  learntFrom: node.learntFrom,
  name: node.name,
  first,
  end,
  reachable: node.reachable,
});

/** Throws UNSUPPORTED_PARAMETER for a bias of a token that the model does not have. */
function samplingOf(request: ChatRequest, vocab: number): SamplingOptions {
  const { temperature = 0, topK, topP, minP, seed, logitBias = [] } = request;
  const { repetitionPenalty, repetitionWindow, frequencyPenalty, presencePenalty } = request;
  const unknown = logitBias.find(([id]) => id >= vocab);
  if (unknown)
    throw new BitorchError(
      'UNSUPPORTED_PARAMETER',
      `logit_bias: the model has no token ${unknown[0]}; its ids are 0 to ${vocab - 1}`,
      { param: 'logit_bias' },
    );
  return {
    temperature,
    topK,
    topP,
    minP,
    seed,
    repetitionPenalty,
    repetitionWindow,
    frequencyPenalty,
    presencePenalty,
    logitBias: logitBias.map(([id, bias]): [number, number] => [id, bias ?? Number.NEGATIVE_INFINITY]),
  };
}

function tokenEvent(
  { text, chosen }: Extract<GenerateEvent, { type: 'text' }>,
  tokenizer: Tokenizer,
): ChatEvent {
  const view = ({ id, logprob }: { id: number; logprob: number }): TokenLogprob => {
    const bytes = tokenizer.bytesOf(id);
    return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), bytes: [...bytes], logprob };
  };
  if (chosen.length === 0) return { type: 'token', text };
  const views = chosen.map((token) => ({ ...view(token), likeliest: token.likeliest.map(view) }));
  return { type: 'token', text, chosen: views };
}
