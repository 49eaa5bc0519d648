import { randomUUID } from 'node:crypto';
import { BitorchError, fromHex, type Logger, messageOf, type OnProgress, toHex } from '#base';
import type { SigningKey } from '#crypto';
import { boundaryRanges } from '#distribution';
import {
  Boundary,
  ClientSession,
  generate,
  openTokenizer,
  planRoute,
  planSession,
  renderChat,
  type StageOffer,
  type Tokenizer,
} from '#execution';
import type { Host } from '#network';
import { AnswerRecord, audit, drawAudit } from '#verification';
import type { AuditResult, ChatEvent, ChatMessage, ChatRequest, FinishReason, Hop } from './api.ts';
import type { Directory, KnownNode } from './directory.ts';
import { fetchRanges, type Model, tensorReader } from './library.ts';
import type { LoadOptions } from './loading.ts';

/** Answers whose audit can still be asked for. */
const ANSWERS_KEPT = 1000;
/** Long enough for most answers; who wants more says so. */
const DEFAULT_MAX_TOKENS = 1024;

interface ChatModel {
  readonly model: Model;
  readonly boundary: Boundary;
  readonly tokenizer: Tokenizer;
}

export interface ChatDependencies {
  readonly host: Host;
  readonly key: SigningKey;
  readonly directory: Directory;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onAudit: (audit: AuditResult) => void;
  /** Throws for a model that must not be touched. */
  readonly refuseQuarantined: (id: string) => void;
}

/** The role "client": embedding, head and sampling here, the blocks on other nodes, an audit after each answer. */
export class Chatting {
  readonly #dependencies: ChatDependencies;
  readonly #system: string | undefined;
  readonly #models = new Map<string, ChatModel>();
  readonly #audits = new Map<string, AuditResult>();

  constructor(options: { system?: string | undefined }, dependencies: ChatDependencies) {
    this.#system = options.system;
    this.#dependencies = dependencies;
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
    return this.#audits.get(answerId);
  }

  /** Answers a chat; see NodeApi.chat. */
  async *chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const started = performance.now();
    const { model, boundary, tokenizer } = this.#find(request.model);
    this.#dependencies.refuseQuarantined(model.id);
    const { architecture, chatTemplate } = model.manifest;
    const text = renderChat(chatTemplate, this.#withSystem(request.messages), {
      addGenerationPrompt: true,
      bos: tokenTextOf(tokenizer, tokenizer.bos),
      eos: tokenTextOf(tokenizer, tokenizer.eos),
    });
    const prompt = tokenizer.encode(text, { special: true });
    const route = planRoute(architecture.layers, this.#offers(model));
    const plan = planSession(fromHex(model.id), route);
    const record = new AnswerRecord(plan);
    const session = new ClientSession(
      { plan, hidden: architecture.hidden },
      { host: this.#dependencies.host, observer: record },
    );
    const answerId = randomUUID();
    const cut = () => session.abort();
    try {
      await session.open(signal);
      signal.addEventListener('abort', cut, { once: true });
      yield { type: 'route', answerId, model: model.id, hops: route.map(hopOf) };
      const options = {
        prompt,
        maxTokens: request.maxTokens ?? DEFAULT_MAX_TOKENS,
        sampling: samplingOf(request),
        stop: request.stop ?? [],
      };
      let firstTokenAt = 0;
      for await (const event of generate(options, { boundary, session, tokenizer })) {
        signal.throwIfAborted();
        if (event.type === 'prefill') yield event;
        if (event.type === 'text') {
          firstTokenAt ||= performance.now();
          yield { type: 'token', text: event.text };
        }
        if (event.type === 'end') yield done(event.reason, event.tokens, firstTokenAt || performance.now());
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', cut);
      if (signal.aborted) session.abort();
      else await session.close();
      this.#startAudit(answerId, record, architecture.hidden, signal.aborted);
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

  #offers(model: Model): StageOffer[] {
    return this.#dependencies.directory.nodes().flatMap((node) => {
      const blocks = node.holdings.find(({ manifest }) => toHex(manifest) === model.id)?.blocks;
      return blocks ? [offerOf(node, blocks)] : [];
    });
  }

  #startAudit(answerId: string, record: AnswerRecord, width: number, cancelled: boolean): void {
    if (record.length === 0) return;
    if (cancelled) {
      this.#tell({
        answerId,
        state: 'unavailable',
        summary: 'The answer was stopped, so its stages handed in no last receipts.',
      });
      return;
    }
    this.#audit(answerId, record, width).catch((error: unknown) => {
      const failed = error instanceof BitorchError && error.code === 'CONTINUITY_BROKEN';
      this.#tell({
        answerId,
        state: failed ? 'failed' : 'unavailable',
        summary: `Not verified: ${messageOf(error)}.`,
      });
    });
  }

  async #audit(answerId: string, record: AnswerRecord, width: number): Promise<void> {
    const { directory, host, key, signal } = this.#dependencies;
    record.checkContinuity();
    const plan = drawAudit(
      record,
      directory.nodes().filter((node) => node.audits && node.reachable && node.id !== host.id),
    );
    const { from, to } = plan;
    const auditor = { nodeId: plan.auditor.id, name: plan.auditor.name };
    const work = { answerId, stage: hopOf(plan.stage), auditor, from, to };
    const positions = `positions ${from}–${to - 1} of blocks ${plan.stage.first}–${plan.stage.end - 1}`;
    this.#tell({
      ...work,
      state: 'pending',
      summary: `${auditor.name} re-executes ${positions} from ${plan.stage.name}.`,
    });
    const { passed, verdict } = await audit(record, plan, { host, key, width, signal });
    const hashes = { signed: toHex(verdict.signed), recomputed: toHex(verdict.recomputed) };
    const summary = passed
      ? `${auditor.name} re-executed ${positions} and got the same bits as ${plan.stage.name}.`
      : `${plan.stage.name} did not compute what it signed: ${auditor.name} got other bits for positions ${verdict.from}–${verdict.to - 1}.`;
    this.#tell({
      ...work,
      ...hashes,
      from: verdict.from,
      to: verdict.to,
      state: passed ? 'passed' : 'failed',
      summary,
    });
  }

  #tell(result: AuditResult): void {
    this.#audits.delete(result.answerId);
    this.#audits.set(result.answerId, result);
    for (const id of this.#audits.keys()) if (this.#audits.size > ANSWERS_KEPT) this.#audits.delete(id);
    this.#dependencies.onAudit(result);
  }
}

const hopOf = ({ id, name, first, end }: StageOffer): Hop => ({ nodeId: id, name, first, end });

const offerOf = (node: KnownNode, [first, end]: readonly [number, number]): StageOffer => ({
  id: node.id,
  addresses: node.addresses,
  name: node.name,
  first,
  end,
  reachable: node.reachable,
});

const samplingOf = ({ temperature = 0, topK, topP, seed }: ChatRequest) => ({
  temperature,
  topK,
  topP,
  seed,
});

const tokenTextOf = (tokenizer: Tokenizer, id: number | undefined): string =>
  id === undefined ? '' : tokenizer.textOf(id);
