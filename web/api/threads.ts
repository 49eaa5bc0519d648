import type {
  FollowEvent,
  PartialSettings,
  Question,
  Thread,
  ThreadChange,
  ThreadList,
  Turn,
} from '../../src/node/api/node-api.ts';
import { ApiError, call, refusal } from './call.ts';
import { sseData } from './sse.ts';

const at = (id: string, more = ''): string => `/api/threads/${id}${more}`;

export const listThreads = (search: string): Promise<ThreadList> =>
  call(`/api/threads${search ? `?search=${encodeURIComponent(search)}` : ''}`);

export const getThread = (id: string): Promise<Thread> => call(at(id));

export const createThread = (settings: PartialSettings): Promise<Thread> => call('/api/threads', settings);

export const changeThread = (id: string, change: ThreadChange): Promise<Thread> =>
  call(at(id), change, 'PATCH');

export const removeThread = (id: string): Promise<void> => call(at(id), undefined, 'DELETE');

export const restoreThread = (id: string): Promise<Thread> => call(at(id, '/restore'), {});

export const branchThread = (id: string, turn: string): Promise<Thread> =>
  call(at(id, `/turns/${turn}/branch`), {});

export const askTurn = (id: string, question: Question): Promise<Turn> => call(at(id, '/turns'), question);

export const resumeTurn = (id: string, turn: string): Promise<Turn> =>
  call(at(id, `/turns/${turn}/resume`), {});

export const stopTurn = (id: string, turn: string): Promise<Turn> => call(at(id, `/turns/${turn}/stop`), {});

/** Follows an answer from a UTF-16 offset in its text. Throws ApiError; code OFFLINE when the connection ends before the answer. */
export async function* followTurn(
  id: string,
  turn: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<FollowEvent> {
  const offline = (): never => {
    throw new ApiError('OFFLINE', 'Your node does not answer. Is it still running?');
  };
  const response = await fetch(at(id, `/turns/${turn}/events?from=${from}`), { signal }).catch(offline);
  if (!response.ok || !response.body) throw await refusal(response);
  try {
    for await (const data of sseData(response.body)) {
      const event = JSON.parse(data) as FollowEvent;
      yield event;
      if (event.type === 'end') return;
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
  }
  offline();
}
