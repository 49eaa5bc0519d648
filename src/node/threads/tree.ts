/** The tree of turns of a conversation: versions are siblings, and what is shown is the path to one leaf. */
import { BitorchError } from '#base';
import type { ChatMessage, Thread, Turn } from '../api/node-api.ts';

/** Throws THREAD_UNKNOWN when the conversation has no such turn. */
export function turnOf(thread: Thread, id: string): Turn {
  const turn = thread.turns.find((candidate) => candidate.id === id);
  if (turn) return turn;
  throw new BitorchError('THREAD_UNKNOWN', 'this conversation has no such turn: reload it');
}

/** The turns from the first to this one. */
export function pathTo(thread: Thread, id: string): Turn[] {
  const byId = new Map(thread.turns.map((turn) => [turn.id, turn]));
  const path: Turn[] = [];
  for (let turn = byId.get(id); turn; turn = turn.parent === null ? undefined : byId.get(turn.parent)) {
    path.unshift(turn);
    byId.delete(turn.id);
  }
  return path;
}

/** The newest leaf below a turn, which is the turn itself when nothing follows it. */
export function newestLeaf(thread: Thread, id: string): string {
  // A turn is always later in the list than its parent, so nothing follows the last one.
  const below = new Set([id]);
  for (const turn of thread.turns) if (turn.parent !== null && below.has(turn.parent)) below.add(turn.id);
  return [...below].at(-1)!;
}

/**
 * The messages that lead to the answer of a turn. Turns without an answer are left out, since they would teach the model to
 * answer nothing.
 */
export function messagesTo(thread: Thread, id: string): ChatMessage[] {
  const { system } = thread.settings;
  const turns = pathTo(thread, id).flatMap((turn): ChatMessage[] => {
    const user: ChatMessage = { role: 'user', content: turn.prompt };
    if (turn.id === id) return [user];
    return turn.answer.text ? [user, { role: 'assistant', content: turn.answer.text }] : [];
  });
  return system === '' ? turns : [{ role: 'system', content: system }, ...turns];
}

/** The conversation with one turn's answer being written again, after the text that it has. */
export function reopened(thread: Thread, id: string): Thread {
  const turns = thread.turns.map((turn): Turn => {
    if (turn.id !== id) return turn;
    const { error: _, stats: __, audit: ___, ...answer } = turn.answer;
    return { ...turn, answer: { ...answer, state: 'running' } };
  });
  return { ...thread, turns };
}

/** The conversation with one turn's answer changed. */
export function withAnswer(thread: Thread, id: string, change: Partial<Turn['answer']>): Thread {
  const turns = thread.turns.map((turn) =>
    turn.id === id ? { ...turn, answer: { ...turn.answer, ...change } } : turn,
  );
  return { ...thread, turns };
}
