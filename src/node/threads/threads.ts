import { randomUUID } from 'node:crypto';
import { BitorchError, cleanText, dropOldest, type Logger, utf8 } from '#base';
import type {
  AuditResult,
  ChatRequest,
  FollowEvent,
  PartialSettings,
  Question,
  Thread,
  ThreadChange,
  ThreadSettings,
  ThreadSummary,
  ThreadsApi,
  Turn,
} from '../api/node-api.ts';
import { type Chat, RunningAnswer } from './running-answer.ts';
import type { ThreadStore } from './thread-store.ts';
import { messagesTo, newestLeaf, pathTo, reopened, turnOf, withAnswer } from './tree.ts';

/** Answers that are written at the same time, each in its own conversation. */
const MAX_RUNNING = 8;
/** Answers whose audit is awaited. */
const MAX_AWAITED = 256;
const TITLE_CHARACTERS = 80;

const INTERRUPTED = new BitorchError(
  'ANSWER_INTERRUPTED',
  'the node was stopped while it was writing this answer: continue it, or ask again',
);

export interface ThreadsDependencies {
  readonly store: ThreadStore;
  readonly chat: Chat;
  readonly log: Logger;
  /** A conversation was created, changed or deleted. */
  readonly onChange: (id: string) => void;
}

/** The conversations of the node's page. The node writes the answers, so they go on while nobody looks. */
export class Threads implements ThreadsApi {
  readonly defaults: ThreadSettings;
  readonly #dependencies: ThreadsDependencies;
  /** By conversation. */
  readonly #running = new Map<string, { turn: string; answer: RunningAnswer }>();
  /** Conversations whose answer begins in a moment. */
  readonly #starting = new Set<string>();
  /** The turn of each answer whose audit has not settled, by answer id. */
  readonly #awaited = new Map<string, { thread: string; turn: string }>();

  /** `system`: the system prompt of new conversations. */
  constructor({ system = '' }: { system?: string | undefined }, dependencies: ThreadsDependencies) {
    this.defaults = { system, temperature: 0, maxTokens: 1024 };
    this.#dependencies = dependencies;
  }

  /** Ends all answers, keeping what was written. */
  async stop(): Promise<void> {
    const answers = [...this.#running.values()].map(({ answer }) => answer);
    await Promise.allSettled(answers.map((answer) => answer.stop(INTERRUPTED)));
    await this.#dependencies.store.stop();
  }

  async list(search?: string): Promise<ThreadSummary[]> {
    const { store } = this.#dependencies;
    const found = await (search ? store.search(search) : store.list());
    return found.map((summary) => ({ ...summary, running: this.#running.has(summary.id) }));
  }

  get(id: string): Promise<Thread> {
    return this.#dependencies.store.get(id);
  }

  create(settings: PartialSettings = {}): Promise<Thread> {
    const { store } = this.#dependencies;
    return this.#told(store.add({ title: '', settings: { ...this.defaults, ...settings } }));
  }

  change(id: string, { title, settings, leaf }: ThreadChange): Promise<Thread> {
    const changed = this.#dependencies.store.update(id, (thread) => ({
      ...thread,
      ...(title !== undefined && { title: title.trim() || titleOf(thread.turns[0]?.prompt ?? '') }),
      ...(settings && { settings }),
      ...(leaf !== undefined && { leaf: newestLeaf(thread, turnOf(thread, leaf).id) }),
    }));
    return this.#told(changed);
  }

  async remove(id: string): Promise<void> {
    await this.#running
      .get(id)
      ?.answer.stop()
      .catch(() => undefined);
    await this.#dependencies.store.remove(id);
    this.#dependencies.onChange(id);
  }

  restore(id: string): Promise<Thread> {
    return this.#told(this.#dependencies.store.restore(id));
  }

  async branch(id: string, turn: string): Promise<Thread> {
    const thread = await this.get(id);
    const turns = pathTo(thread, turnOf(thread, turn).id);
    if (turns.some(({ answer }) => answer.state === 'running')) throw alreadyRunning();
    const { title, settings } = thread;
    return this.#told(this.#dependencies.store.add({ title, settings, turns, leaf: turn }));
  }

  async ask(id: string, { prompt, parent }: Question): Promise<Turn> {
    await this.#dependencies.store.demandRoom(id, utf8(prompt).length);
    const turn: Turn = {
      id: randomUUID(),
      parent,
      prompt,
      time: Date.now(),
      answer: { state: 'running', text: '', hops: [] },
    };
    return this.#begin(id, turn.id, (thread) => {
      if (parent !== null) turnOf(thread, parent);
      const title = thread.title || titleOf(prompt);
      return { ...thread, title, turns: [...thread.turns, turn], leaf: turn.id, updated: turn.time };
    });
  }

  resume(id: string, turn: string): Promise<Turn> {
    return this.#begin(id, turn, (thread) => {
      if (!isPartial(turnOf(thread, turn)))
        throw new BitorchError('ANSWER_COMPLETE', 'this answer is complete: ask for another version instead');
      return { ...reopened(thread, turn), updated: Date.now() };
    });
  }

  async stopAnswer(id: string, turn: string): Promise<Turn> {
    const running = this.#running.get(id);
    if (running?.turn === turn) return running.answer.stop();
    return turnOf(await this.get(id), turn);
  }

  async follow(
    id: string,
    turn: string,
    from: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<FollowEvent>> {
    const running = this.#running.get(id);
    if (running?.turn === turn) return running.answer.follow(from, signal);
    return settled(turnOf(await this.get(id), turn), from);
  }

  /** Stores the result of an audit with its answer. */
  audited(audit: AuditResult): void {
    const at = this.#awaited.get(audit.answerId);
    if (!at || audit.state === 'pending') return;
    this.#awaited.delete(audit.answerId);
    const stored = this.#dependencies.store.update(at.thread, (thread) =>
      withAnswer(thread, at.turn, { audit }),
    );
    this.#told(stored).catch((error: unknown) =>
      this.#dependencies.log.warn({ error }, 'the result of an audit was not stored'),
    );
  }

  /** Stores the turn in the conversation and begins its answer. */
  async #begin(id: string, turnId: string, change: (thread: Thread) => Thread): Promise<Turn> {
    this.#demandFree(id);
    this.#starting.add(id);
    try {
      const thread = await this.#told(this.#dependencies.store.update(id, change));
      const turn = turnOf(thread, turnId);
      this.#write(thread, turn);
      return turn;
    } finally {
      this.#starting.delete(id);
    }
  }

  #write(thread: Thread, turn: Turn): void {
    const { chat, store, onChange } = this.#dependencies;
    const { id } = thread;
    const { text } = turn.answer;
    const answer = new RunningAnswer(
      { request: requestFor(thread, turn), text },
      {
        chat,
        save: async (change) =>
          turnOf(await store.update(id, (now) => withAnswer(now, turn.id, change)), turn.id),
        onRoute: (answerId) => this.#awaitAudit(answerId, { thread: id, turn: turn.id }),
      },
    );
    this.#running.set(id, { turn: turn.id, answer });
    const over = () => {
      this.#running.delete(id);
      onChange(id);
    };
    answer.ended.then(over, over);
  }

  #awaitAudit(answerId: string, at: { thread: string; turn: string }): void {
    this.#awaited.set(answerId, at);
    dropOldest(this.#awaited, MAX_AWAITED);
  }

  #demandFree(id: string): void {
    if (this.#running.has(id) || this.#starting.has(id)) throw alreadyRunning();
    if (this.#running.size + this.#starting.size >= MAX_RUNNING)
      throw new BitorchError(
        'ANSWERS_TOO_MANY',
        `${MAX_RUNNING} answers are being written: wait for one of them to end, or stop one`,
      );
  }

  async #told(change: Promise<Thread>): Promise<Thread> {
    const thread = await change;
    this.#dependencies.onChange(thread.id);
    return thread;
  }
}

/** Ends what the end of the node interrupted: answers that were being written, audits whose result will never come. */
export function repair(thread: Thread): Thread {
  const { code, message } = INTERRUPTED;
  const broken = thread.turns.filter(
    ({ answer }) => answer.state === 'running' || (answer.state === 'done' && !answer.audit),
  );
  return broken.reduce((repaired, { id, answer }) => {
    if (answer.state === 'running')
      return withAnswer(repaired, id, { state: 'failed', error: { code, message } });
    const summary = 'Not verified: the node was stopped before the check ended.';
    const audit: AuditResult = { answerId: answer.answerId ?? '', state: 'unavailable', summary };
    return withAnswer(repaired, id, { audit });
  }, thread);
}

/** Whether an answer ended before its end: it was stopped, it failed, or it reached its limit of tokens. */
const isPartial = ({ answer: { state, stats } }: Turn): boolean =>
  state === 'stopped' || state === 'failed' || (state === 'done' && stats?.reason === 'length');

function requestFor(thread: Thread, { id, answer }: Turn): ChatRequest {
  const { model, temperature, maxTokens } = thread.settings;
  return {
    ...(model !== undefined && { model }),
    messages: messagesTo(thread, id),
    // The conversation has its own system prompt, or none.
    addSystem: false,
    temperature,
    maxTokens,
    ...(answer.text && { continued: answer.text }),
  };
}

/** Follows an answer that has ended. */
async function* settled(turn: Turn, from: number): AsyncGenerator<FollowEvent> {
  const { text } = turn.answer;
  const at = from <= text.length ? from : 0;
  if (text.length > at) yield { type: 'text', at, text: text.slice(at) };
  yield { type: 'end', turn };
}

const titleOf = (prompt: string): string => cleanText(prompt, TITLE_CHARACTERS) || 'New chat';

const alreadyRunning = (): BitorchError =>
  new BitorchError(
    'ANSWER_RUNNING',
    'an answer is being written in this conversation: wait for it, or stop it',
  );
