import { randomUUID } from 'node:crypto';
import { BitorchError, type Logger, Mutex, messageOf } from '#base';
import type { Thread, ThreadSettings, ThreadSummary, Turn } from '../api/node-api.ts';
import type { ThreadFiles } from './thread-files.ts';

export interface ThreadLimits {
  /** Conversations. */
  readonly threads: number;
  /** Bytes of one conversation beyond which nothing more is asked in it. */
  readonly threadBytes: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** Time in ms for which a deleted conversation can be restored. */
  readonly undoMs: number;
}

const LIMITS: ThreadLimits = { threads: 1000, threadBytes: 2 ** 20, bytes: 256 * 2 ** 20, undoMs: 60_000 };

/** Characters of a conversation shown around what a search found. */
const FOUND_BEFORE = 30;
const FOUND_AFTER = 70;

interface Kept {
  readonly summary: Omit<ThreadSummary, 'running' | 'found'>;
  readonly bytes: number;
}

/** The conversations of the node, on disk, bounded in number and size. Memory holds only their summaries. */
export class ThreadStore {
  readonly #files: ThreadFiles;
  readonly #log: Logger;
  readonly #limits: ThreadLimits;
  readonly #kept = new Map<string, Kept>();
  readonly #deleted = new Map<string, { kept: Kept; timer: NodeJS.Timeout }>();
  /** Every change reads, changes and writes a file: one after the other. */
  readonly #changes = new Mutex();
  /** A search reads all files: one at a time. */
  readonly #searches = new Mutex();
  readonly #loaded: Promise<void>;

  /** `repair`: what to do with a conversation that was open when the node ended. */
  constructor(
    files: ThreadFiles,
    {
      log,
      limits,
      repair,
    }: { log: Logger; limits?: Partial<ThreadLimits>; repair: (thread: Thread) => Thread },
  ) {
    this.#files = files;
    this.#log = log;
    this.#limits = { ...LIMITS, ...limits };
    this.#loaded = this.#changes.run(() => this.#load(repair));
    this.#loaded.catch(() => undefined);
  }

  /** Removes what was deleted, after all changes. */
  async stop(): Promise<void> {
    await this.#changes.run(async () => {
      for (const [id, { timer }] of this.#deleted) {
        clearTimeout(timer);
        await this.#files.purge(id);
      }
      this.#deleted.clear();
    });
  }

  /** Newest first. */
  async list(): Promise<Omit<ThreadSummary, 'running'>[]> {
    await this.#loaded;
    return [...this.#kept.values()].map(({ summary }) => summary).sort((a, b) => b.updated - a.updated);
  }

  /** Those whose title or text contains `search`, in any case, with the text around it. */
  search(search: string): Promise<Omit<ThreadSummary, 'running'>[]> {
    return this.#searches.run(async () => {
      const found: Omit<ThreadSummary, 'running'>[] = [];
      for (const summary of await this.list()) {
        const thread = await this.get(summary.id).catch(() => undefined);
        const excerpt = thread && excerptOf(thread, search);
        if (excerpt !== undefined) found.push({ ...summary, ...(excerpt && { found: excerpt }) });
      }
      return found;
    });
  }

  /** Throws THREAD_UNKNOWN, THREAD_DAMAGED. */
  async get(id: string): Promise<Thread> {
    await this.#loaded;
    this.#demand(id);
    return this.#files.read(id);
  }

  /** Throws THREADS_FULL. */
  add(parts: {
    title: string;
    settings: ThreadSettings;
    turns?: Turn[];
    leaf?: string | null;
  }): Promise<Thread> {
    const { title, settings, turns = [], leaf = null } = parts;
    const now = Date.now();
    const thread: Thread = { id: randomUUID(), title, created: now, updated: now, settings, turns, leaf };
    return this.#changes.run(async () => {
      if (this.#kept.size + this.#deleted.size >= this.#limits.threads)
        throw full(`the node keeps at most ${this.#limits.threads} conversations: delete some`);
      return this.#write(thread);
    });
  }

  /** Reads, changes and writes a conversation. Throws THREAD_UNKNOWN, THREADS_FULL, DISK_FULL, and what `change` throws. */
  update(id: string, change: (thread: Thread) => Thread): Promise<Thread> {
    return this.#changes.run(async () => {
      this.#demand(id);
      return this.#write(change(await this.#files.read(id)));
    });
  }

  /** Throws THREAD_FULL when a conversation has no room for a question of this many bytes. */
  async demandRoom(id: string, bytes: number): Promise<void> {
    await this.#loaded;
    if (this.#demand(id).bytes + bytes <= this.#limits.threadBytes) return;
    throw new BitorchError('THREAD_FULL', 'this conversation is too long to go on: start a new one');
  }

  /** Deletes a conversation; it can be restored for a while. */
  remove(id: string): Promise<void> {
    return this.#changes.run(async () => {
      const kept = this.#demand(id);
      await this.#files.hide(id);
      this.#kept.delete(id);
      const timer = setTimeout(() => void this.#purge(id), this.#limits.undoMs);
      timer.unref();
      this.#deleted.set(id, { kept, timer });
    });
  }

  /** Throws THREAD_UNKNOWN when it was not deleted, or too long ago. */
  restore(id: string): Promise<Thread> {
    return this.#changes.run(async () => {
      const deleted = this.#deleted.get(id);
      if (!deleted) throw unknown();
      clearTimeout(deleted.timer);
      await this.#files.unhide(id);
      this.#deleted.delete(id);
      this.#kept.set(id, deleted.kept);
      return this.#files.read(id);
    });
  }

  async #load(repair: (thread: Thread) => Thread): Promise<void> {
    for (const { id, bytes } of await this.#files.list()) {
      try {
        const thread = await this.#files.read(id);
        this.#kept.set(id, { summary: summaryOf(thread), bytes });
        const repaired = repair(thread);
        if (repaired !== thread) await this.#write(repaired);
      } catch (error) {
        this.#log.warn({ reason: messageOf(error) }, 'a conversation cannot be read');
      }
    }
  }

  #purge(id: string): Promise<void> {
    return this.#changes.run(async () => {
      if (this.#deleted.delete(id)) await this.#files.purge(id);
    });
  }

  #demand(id: string): Kept {
    const kept = this.#kept.get(id);
    if (!kept) throw unknown();
    return kept;
  }

  async #write(thread: Thread): Promise<Thread> {
    const sealed = this.#files.seal(thread);
    const others = [...this.#kept].filter(([id]) => id !== thread.id).map(([, { bytes }]) => bytes);
    const deleted = [...this.#deleted.values()].map(({ kept }) => kept.bytes);
    const used = [...others, ...deleted].reduce((sum, bytes) => sum + bytes, 0);
    if (used + sealed.length > this.#limits.bytes)
      throw full('the conversations have used up their disk space: delete some');
    await this.#files.write(thread.id, sealed);
    this.#kept.set(thread.id, { summary: summaryOf(thread), bytes: sealed.length });
    return thread;
  }
}

const unknown = (): BitorchError =>
  new BitorchError('THREAD_UNKNOWN', 'there is no such conversation: it was deleted');

const full = (message: string): BitorchError => new BitorchError('THREADS_FULL', message);

const summaryOf = ({ id, title, updated, turns }: Thread): Kept['summary'] => ({
  id,
  title,
  updated,
  turns: turns.length,
});

/** The text around the first place that contains `search`; '' when only the title does, undefined when nothing does. */
function excerptOf({ title, turns }: Thread, search: string): string | undefined {
  const wanted = search.toLowerCase();
  for (const text of turns.flatMap(({ prompt, answer }) => [prompt, answer.text])) {
    const at = text.toLowerCase().indexOf(wanted);
    if (at < 0) continue;
    const from = Math.max(0, at - FOUND_BEFORE);
    const excerpt = text.slice(from, at + wanted.length + FOUND_AFTER).replace(/\s+/g, ' ');
    return `${from > 0 ? '…' : ''}${excerpt}`.toWellFormed();
  }
  return title.toLowerCase().includes(wanted) ? '' : undefined;
}
