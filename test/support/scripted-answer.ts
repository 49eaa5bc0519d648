/** A chat whose answers a test speaks word by word. */
import type { ChatEvent, ChatRequest } from '#node';
import { HOPS, MODEL } from './scripted-node.ts';

export interface ScriptedAnswer {
  readonly request: ChatRequest;
  readonly signal: AbortSignal;
  say(text: string): void;
  fail(error: Error): void;
  done(reason?: 'stop' | 'length'): void;
}

/** `chat` waits for what the test says; `next` gives the answer that was begun next. */
export function scriptedChat() {
  const begun: ScriptedAnswer[] = [];
  let wake = Promise.withResolvers<void>();
  let count = 0;
  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const queue: (ChatEvent | Error)[] = [];
    let changed = Promise.withResolvers<void>();
    const push = (event: ChatEvent | Error) => {
      queue.push(event);
      changed.resolve();
    };
    signal.addEventListener('abort', () => changed.resolve());
    let tokens = 0;
    begun.push({
      request,
      signal,
      say: (text) => push({ type: 'token', text }),
      fail: push,
      done: (reason = 'stop') =>
        push({
          type: 'done',
          reason,
          promptTokens: 12,
          completionTokens: tokens,
          timeToFirstTokenMs: 184,
          tokensPerSecond: 41,
        }),
    });
    wake.resolve();
    yield { type: 'route', answerId: `answer-${++count}`, model: MODEL.id, hops: HOPS, context: 2048 };
    for (;;) {
      while (queue.length === 0 && !signal.aborted) {
        changed = Promise.withResolvers<void>();
        await changed.promise;
      }
      if (signal.aborted) return;
      const event = queue.shift()!;
      if (event instanceof Error) throw event;
      if (event.type === 'token') tokens++;
      yield event;
      if (event.type === 'done') return;
    }
  }
  return {
    chat,
    next: async (): Promise<ScriptedAnswer> => {
      while (begun.length === 0) {
        wake = Promise.withResolvers<void>();
        await wake.promise;
      }
      return begun.shift()!;
    },
  };
}
