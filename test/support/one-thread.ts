/** A node that keeps one conversation, as it is; every change answers with it. */
import type { Thread, ThreadsApi, Turn } from '#node';
import { HOPS, passedAudit } from './scripted-node.ts';

export const THREAD = '5b0e9b57-6a5d-4d0f-8a04-0d2f6f1f0c11';
export const TURN = '0c9e1c5e-51c3-4b9e-9d8a-6f8a4a1b2c22';

const turn: Turn = {
  id: TURN,
  parent: null,
  prompt: 'Capital?',
  time: 1_790_000_000_000,
  answer: {
    state: 'done',
    text: 'Paris.',
    answerId: 'a1',
    hops: HOPS,
    context: 2048,
    stats: {
      reason: 'stop',
      promptTokens: 12,
      completionTokens: 2,
      timeToFirstTokenMs: 184,
      tokensPerSecond: 41,
    },
    audit: passedAudit('a1'),
  },
};

const thread: Thread = {
  id: THREAD,
  title: 'Capital?',
  created: turn.time,
  updated: turn.time,
  settings: { system: '', temperature: 0, maxTokens: 1024 },
  turns: [turn],
  leaf: TURN,
};

export const threadsOf = (): ThreadsApi => ({
  defaults: thread.settings,
  list: async () => [
    { id: THREAD, title: thread.title, updated: thread.updated, turns: 1, running: false, found: 'Paris.' },
  ],
  get: async () => thread,
  create: async () => thread,
  change: async () => thread,
  remove: async () => undefined,
  restore: async () => thread,
  branch: async () => thread,
  ask: async () => turn,
  resume: async () => turn,
  stopAnswer: async () => turn,
  follow: async () => follow(),
});

async function* follow() {
  yield { type: 'end' as const, turn };
}
