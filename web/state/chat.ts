import { batch, computed, type Signal, signal } from '@preact/signals';
import type { ChatMessage, Hop } from '../../src/node/api/node-api.ts';
import { ApiError } from '../api/call.ts';
import { type AnswerEvent, type AnswerStats, streamAnswer } from '../api/chat.ts';
import { addAudit, model } from './live.ts';
import { session } from './session.ts';

export interface Answer {
  phase: 'waiting' | 'reading' | 'writing' | 'done' | 'stopped' | 'failed';
  text: string;
  answerId?: string;
  hops: Hop[];
  /** Progress through the prompt, in tokens. */
  prefill?: { done: number; total: number };
  stats?: AnswerStats;
  error?: { code: string; message: string };
}

export interface Turn {
  id: number;
  prompt: string;
  answer: Signal<Answer>;
}

const WAITING: Answer = { phase: 'waiting', text: '', hops: [] };
const RUNNING: ReadonlySet<Answer['phase']> = new Set(['waiting', 'reading', 'writing']);

export const turns = signal<readonly Turn[]>([]);
/** Sampling temperature. At 0 the same prompt gives the same answer, bit for bit. */
export const temperature = signal(0);
export const current = computed(() => turns.value.at(-1));
export const busy = computed(
  () => current.value !== undefined && RUNNING.has(current.value.answer.value.phase),
);
/** Ids of the nodes that are computing the current answer. */
export const working = computed(
  () => new Set(busy.value ? current.value!.answer.value.hops.map((hop) => hop.nodeId) : []),
);

let abort: AbortController | undefined;
let nextId = 1;

export function ask(prompt: string): void {
  if (busy.peek()) return;
  turns.value = [...turns.peek(), { id: nextId++, prompt, answer: signal(WAITING) }];
  void run();
}

/** Repeats the last prompt, after a failure or for another answer. */
export function askAgain(): void {
  const last = current.peek();
  if (!last || busy.peek()) return;
  turns.value = [...turns.peek().slice(0, -1), { ...last, id: nextId++, answer: signal(WAITING) }];
  void run();
}

export function stop(): void {
  abort?.abort();
}

export function newChat(): void {
  stop();
  turns.value = [];
}

async function run(): Promise<void> {
  const { answer } = current.peek()!;
  const update = (patch: Partial<Answer>) => {
    answer.value = { ...answer.peek(), ...patch };
  };
  abort = new AbortController();
  const { signal: stopped } = abort;
  const text = inFrames((more) => update({ phase: 'writing', text: answer.peek().text + more }));
  try {
    for await (const event of streamAnswer(request(), stopped)) {
      if (event.type === 'text') text.add(event.text);
      else text.flush();
      apply(event, update);
    }
  } catch (error) {
    text.flush();
    update(stopped.aborted ? { phase: 'stopped' } : { phase: 'failed', error: explain(error) });
  }
}

function apply(event: AnswerEvent, update: (patch: Partial<Answer>) => void): void {
  if (event.type === 'route') update({ answerId: event.answerId, hops: event.hops });
  if (event.type === 'prefill')
    update({ phase: 'reading', prefill: { done: event.done, total: event.total } });
  if (event.type !== 'end') return;
  batch(() => {
    update({ phase: 'done', stats: event.stats });
    if (event.audit) addAudit(event.audit);
  });
}

function request() {
  return { model: model.peek()?.id ?? '', messages: history(), temperature: temperature.peek() };
}

/** The conversation so far. Turns without an answer are left out, since they would teach the model to answer nothing. */
function history(): ChatMessage[] {
  const last = current.peek()!;
  return turns.peek().flatMap(({ prompt, answer }): ChatMessage[] => {
    const user: ChatMessage = { role: 'user', content: prompt };
    if (answer === last.answer) return [user];
    const { text } = answer.peek();
    return text ? [user, { role: 'assistant', content: text }] : [];
  });
}

function explain(error: unknown): { code: string; message: string } {
  if (!(error instanceof ApiError))
    return { code: 'INTERNAL', message: 'This page failed to read the answer.' };
  if (error.code === 'UNAUTHORIZED') session.value = 'closed';
  return { code: error.code, message: error.message };
}

/** Batches text per animation frame: a fast model produces more tokens than a screen can show. */
function inFrames(show: (text: string) => void): { add(text: string): void; flush(): void } {
  let pending = '';
  let frame: number | undefined;
  const flush = () => {
    if (frame !== undefined) cancelAnimationFrame(frame);
    frame = undefined;
    if (pending) show(pending);
    pending = '';
  };
  return {
    add(text) {
      pending += text;
      frame ??= requestAnimationFrame(flush);
    },
    flush,
  };
}
