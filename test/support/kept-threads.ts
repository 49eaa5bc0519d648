/** The conversations of a node, real but for the chat behind them. */
import type { ChatEvent, ChatRequest } from '#node';
import { ThreadFiles } from '../../src/node/threads/thread-files.ts';
import { type ThreadLimits, ThreadStore } from '../../src/node/threads/thread-store.ts';
import { repair, Threads } from '../../src/node/threads/threads.ts';
import { quiet } from './swarm.ts';

export const SEED = new Uint8Array(32).fill(7);

export interface KeptOptions {
  folder: string;
  chat: (request: ChatRequest, signal: AbortSignal) => AsyncIterable<ChatEvent>;
  onChange?: (id: string) => void;
  system?: string;
  limits?: Partial<ThreadLimits>;
  seed?: Uint8Array;
}

export function keptThreads({ folder, chat, onChange, system, limits, seed = SEED }: KeptOptions): Threads {
  const files = new ThreadFiles({ folder, seed });
  const store = new ThreadStore(files, { log: quiet, repair, ...(limits && { limits }) });
  return new Threads({ system }, { store, chat, log: quiet, onChange: onChange ?? (() => undefined) });
}
