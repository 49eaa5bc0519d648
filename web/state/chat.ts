import { batch, computed, effect, signal } from '@preact/signals';
import type {
  FollowEvent,
  Queued,
  Thread,
  ThreadAnswer,
  ThreadSettings,
  Turn,
} from '../../src/node/api/node-api.ts';
import { ApiError } from '../api/call.ts';
import {
  askTurn,
  branchThread,
  changeThread,
  createThread,
  followTurn,
  getThread,
  resumeTurn,
  stopTurn,
} from '../api/threads.ts';
import { audits, changedThread, chosenModel, connection, model } from './live.ts';
import { session } from './session.ts';
import { defaults } from './threads.ts';
import { showToast } from './toast.ts';
import { openId, openThread } from './view.ts';

/** An answer as it is shown. */
export interface Answer extends Omit<ThreadAnswer, 'state'> {
  phase: 'waiting' | 'reading' | 'writing' | 'done' | 'stopped' | 'failed';
  /** Where it waits for a busy computer. */
  queued?: Queued | undefined;
  /** Progress through the prompt, in tokens. */
  prefill?: { done: number; total: number };
  /** Grows with every piece of text, so that a route can pulse. */
  pieces: number;
}

/** A question that the node has not taken yet, or has refused. */
export interface Unsent {
  prompt: string;
  parent: string | null;
  error?: { code: string; message: string };
}

const RETRY_MS = 500;

/** The open conversation; undefined for a new one. */
export const thread = signal<Thread | undefined>(undefined);
export const unsent = signal<Unsent | undefined>(undefined);
/** The answer that is being written, and its turn. */
export const live = signal<{ turn: string; answer: Answer } | undefined>(undefined);
const followed = computed(() => live.value?.turn);

/** The turns of the version that is shown. */
export const turns = computed<readonly Turn[]>(() => (thread.value ? pathOf(thread.value) : []));
export const busy = computed(
  () => followed.value !== undefined || (unsent.value !== undefined && unsent.value.error === undefined),
);
/** Ids of the nodes that are computing the current answer. */
export const working = computed(() => new Set(live.value?.answer.hops.map(({ nodeId }) => nodeId)));

const drafted = signal<ThreadSettings | undefined>(undefined);
/** Settings of the open conversation, or of the one that the next question begins. */
export const settings = computed(() => thread.value?.settings ?? drafted.value ?? defaults.value);
effect(() => {
  chosenModel.value = settings.value?.model;
});

const lastDone = computed(() => turns.value.findLast(({ answer }) => answer.state === 'done'));
/** The audit of the last complete answer. */
export const lastAudit = computed(() => {
  const answer = lastDone.value?.answer;
  return answer && (audits.value.get(answer.answerId ?? '') ?? answer.audit);
});
/** Speed of the last complete answer in tokens per second. */
export const lastSpeed = computed(() => lastDone.value?.answer.stats?.tokensPerSecond);
/** Tokens that the conversation has used, of those that the session can hold. */
export const contextUse = computed(() => {
  const answer = turns.value.findLast((turn) => turn.answer.stats && turn.answer.context)?.answer;
  if (!answer) return undefined;
  const { promptTokens, completionTokens } = answer.stats!;
  return { used: promptTokens + completionTokens, context: answer.context! };
});

let following = new AbortController();
let loads = 0;

/** Opens the conversation in the address, again after a reconnect and when another tab changed it. */
effect(() => {
  const id = openId.value;
  if (connection.value !== 'live') return;
  if (id !== undefined) void load(id);
  else if (thread.peek()) leave();
});
effect(() => {
  const id = changedThread.value?.id;
  // Also while it is being loaded: what is on its way may be older than the change.
  if (id !== undefined && id === openId.peek()) void load(id);
});

/** The answer of a turn as it is shown, live or stored. */
export function answerOf(turn: Turn): Answer {
  if (followed.value === turn.id) return live.value!.answer;
  const { state, ...answer } = turn.answer;
  return { ...answer, phase: state === 'running' ? 'waiting' : state, pieces: 0 };
}

/** Asks a question at the end of the conversation, or after `parent` as another version. */
export async function ask(
  prompt: string,
  parent: string | null = turns.peek().at(-1)?.id ?? null,
): Promise<void> {
  if (busy.peek()) return;
  unsent.value = { prompt, parent };
  try {
    const open = await withModel(thread.peek() ?? (await begin()));
    const turn = await askTurn(open.id, { prompt, parent });
    batch(() => {
      unsent.value = undefined;
      thread.value = { ...open, turns: [...open.turns, turn], leaf: turn.id };
      void follow(open.id, turn);
    });
  } catch (error) {
    unsent.value = { prompt, parent, error: explain(error) };
  }
}

export function askUnsent(): void {
  const question = unsent.peek();
  if (!question?.error) return;
  unsent.value = undefined;
  void ask(question.prompt, question.parent);
}

/** Another version of the last answer. */
export function askAgain({ prompt, parent }: Turn): void {
  void ask(prompt, parent);
}

/** Goes on with an answer that ended before its end; one without any text begins anew. */
export function resume(turn: Turn): Promise<void> {
  return changing(async ({ id }) => {
    const resumed = await resumeTurn(id, turn.id);
    batch(() => {
      replaceTurn(resumed);
      void follow(id, resumed);
    });
  });
}

export function stop(): void {
  const [open, turn] = [thread.peek(), followed.peek()];
  if (open && turn) void stopTurn(open.id, turn).catch((error: Error) => showToast({ text: error.message }));
}

/** Shows another version: the one with this turn. */
export function showVersion(turn: string): Promise<void> {
  return changing(async ({ id }) => {
    thread.value = await changeThread(id, { leaf: turn });
  });
}

export function changeSettings(change: Partial<ThreadSettings>): Promise<void> {
  const changed = { ...settings.peek()!, ...change };
  const open = thread.peek();
  if (!open) {
    drafted.value = changed;
    return Promise.resolve();
  }
  thread.value = { ...open, settings: changed };
  return attempt(async () => void (await changeThread(open.id, { settings: changed })));
}

/** A new conversation with the turns up to this one. */
export function branch(turn: Turn): Promise<void> {
  return changing(async ({ id }) => {
    const made = await branchThread(id, turn.id);
    openThread(made.id);
  });
}

/** The conversation with the model that is shown: its own may have gone from the network. */
async function withModel(open: Thread): Promise<Thread> {
  const shown = model.peek()?.id;
  if (shown === undefined || open.settings.model === shown) return open;
  return changeThread(open.id, { settings: { ...open.settings, model: shown } });
}

async function begin(): Promise<Thread> {
  const made = await createThread(drafted.peek() ?? {});
  thread.value = made;
  openThread(made.id, { replace: true });
  return made;
}

async function load(id: string): Promise<void> {
  if (thread.peek()?.id === id && busy.peek()) return;
  if (thread.peek()?.id !== id) leave();
  const mine = ++loads;
  try {
    const loaded = await getThread(id);
    // An older question may be answered later.
    if (mine !== loads || openId.peek() !== id || (thread.peek()?.id === id && busy.peek())) return;
    thread.value = loaded;
    const running = pathOf(loaded).find(({ answer }) => answer.state === 'running');
    if (running) void follow(id, running);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === 'OFFLINE' || openId.peek() !== id) return;
    showToast({ text: error.message });
    openThread(undefined, { replace: true });
  }
}

/** Leaves the open conversation; its answer goes on in the node. */
function leave(): void {
  following.abort();
  batch(() => {
    thread.value = undefined;
    live.value = undefined;
    unsent.value = undefined;
    drafted.value = undefined;
  });
}

/** Shows an answer as it is written; after a lost connection it goes on where it was. */
async function follow(id: string, turn: Turn): Promise<void> {
  following.abort();
  following = new AbortController();
  const { signal: left } = following;
  const { state: _, ...stored } = turn.answer;
  live.value = { turn: turn.id, answer: { ...stored, phase: 'waiting', pieces: 0 } };
  const text = inFrames((at, more) => {
    const now = live.peek();
    if (now?.turn !== turn.id) return;
    const { answer } = now;
    update({ phase: 'writing', text: answer.text.slice(0, at) + more, pieces: answer.pieces + 1 });
  });
  let received = turn.answer.text.length;
  while (!left.aborted) {
    try {
      for await (const event of followTurn(id, turn.id, received, left)) {
        if (left.aborted) return;
        if (event.type === 'text') {
          text.add(event.at, event.text);
          received = event.at + event.text.length;
          continue;
        }
        text.flush();
        if (event.type === 'end') return finish(event.turn);
        apply(event);
      }
    } catch (error) {
      if (left.aborted) return;
      if (!(error instanceof ApiError) || error.code !== 'OFFLINE') {
        text.flush();
        const { text: written } = live.peek()!.answer;
        const failed = { state: 'failed', text: written, error: explain(error) } as const;
        return finish({ ...turn, answer: { ...turn.answer, ...failed } });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function apply(event: Extract<FollowEvent, { type: 'queued' | 'route' | 'prefill' }>): void {
  if (event.type === 'queued') {
    update({ queued: event });
    return;
  }
  if (event.type === 'route') {
    const { answerId, hops, context } = event;
    update({ answerId, hops, context, queued: undefined });
  } else if (live.peek()!.answer.phase !== 'writing') {
    update({ phase: 'reading', prefill: { done: event.done, total: event.total } });
  }
}

function update(change: Partial<Answer>): void {
  const { turn, answer } = live.peek()!;
  live.value = { turn, answer: { ...answer, ...change } };
}

function finish(turn: Turn): void {
  batch(() => {
    replaceTurn(turn);
    live.value = undefined;
  });
}

function replaceTurn(turn: Turn): void {
  const open = thread.peek();
  if (open)
    thread.value = { ...open, turns: open.turns.map((other) => (other.id === turn.id ? turn : other)) };
}

const changing = (action: (open: Thread) => Promise<void>): Promise<void> => {
  const open = thread.peek();
  return !open || busy.peek() ? Promise.resolve() : attempt(() => action(open));
};

async function attempt(action: () => Promise<void>): Promise<void> {
  await action().catch((error: Error) => showToast({ text: error.message }));
}

function pathOf({ turns, leaf }: Thread): Turn[] {
  const byId = new Map(turns.map((turn) => [turn.id, turn]));
  const path: Turn[] = [];
  for (let turn = byId.get(leaf ?? ''); turn; turn = byId.get(turn.parent ?? '')) {
    path.unshift(turn);
    byId.delete(turn.id);
  }
  return path;
}

function explain(error: unknown): { code: string; message: string } {
  if (!(error instanceof ApiError))
    return { code: 'INTERNAL', message: 'This page failed to read the answer. Reload it.' };
  if (error.code === 'UNAUTHORIZED') session.value = 'closed';
  return { code: error.code, message: error.message };
}

/** Joins the text of an animation frame: a fast model produces more tokens than a screen can show. */
function inFrames(show: (at: number, text: string) => void): {
  add(at: number, text: string): void;
  flush(): void;
} {
  let pending = '';
  let from = 0;
  let frame: number | undefined;
  const flush = () => {
    if (frame !== undefined) cancelAnimationFrame(frame);
    frame = undefined;
    if (pending) show(from, pending);
    pending = '';
  };
  return {
    add(at, text) {
      if (!pending) from = at;
      pending = pending.slice(0, at - from) + text;
      frame ??= requestAnimationFrame(flush);
    },
    flush,
  };
}
