import { MemoryCharge } from '#network/memory';
import { MAX_BACKLOG_BYTES, MAX_UNSENT_BYTES, WRITE_OVERHEAD_BYTES } from './constants.ts';
import type { WireSocket } from './sockets.ts';

/** Data queued on one socket, counted by the memory it occupies. */
export class Outbox {
  readonly #socket: WireSocket;
  readonly #onRoom: () => void;
  readonly #memory: MemoryCharge;
  #held = 0;
  #corked = false;
  #lastWriteAt = Date.now();
  #lastSentAt = Date.now();

  /** `onRoom` is called when there is room again after the queue was full; `memory` is charged what is queued. */
  constructor(socket: WireSocket, onRoom: () => void, memory = new MemoryCharge()) {
    this.#socket = socket;
    this.#onRoom = onRoom;
    this.#memory = memory;
  }

  /** Queued bytes plus the overhead of each write. */
  get held(): number {
    return this.#held;
  }

  get hasRoom(): boolean {
    return this.#held < MAX_UNSENT_BYTES;
  }

  /** Whether the peer does not read the answers it requests. */
  get isOverfull(): boolean {
    return this.#held > MAX_BACKLOG_BYTES;
  }

  get lastWriteAt(): number {
    return this.#lastWriteAt;
  }

  /** How long the peer has read none of the queued data, in ms. */
  stalledMs(now: number): number {
    return this.#held === 0 ? 0 : now - this.#lastSentAt;
  }

  /**
   * Queues data. Everything written in one tick leaves in one system call. `onSent` is called even if the socket is closed.
   * Throws BUDGET_EXCEEDED, after which the connection has to be closed.
   */
  write(parts: readonly Uint8Array[], onSent?: () => void): void {
    const cost = parts.reduce((sum, part) => sum + part.length, WRITE_OVERHEAD_BYTES);
    const now = Date.now();
    this.#memory.add(cost);
    if (this.#held === 0) this.#lastSentAt = now;
    this.#lastWriteAt = now;
    this.#held += cost;
    this.#cork();
    const last = parts.length - 1;
    for (const [n, part] of parts.entries()) {
      if (n < last) this.#socket.write(part);
      else this.#socket.write(part, () => this.#sent(cost, onSent));
    }
  }

  #sent(cost: number, onSent: (() => void) | undefined): void {
    const wasFull = this.#held >= MAX_UNSENT_BYTES / 2;
    this.#held -= cost;
    this.#memory.add(-cost);
    this.#lastSentAt = Date.now();
    onSent?.();
    if (wasFull && this.#held < MAX_UNSENT_BYTES / 2) this.#onRoom();
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }
}
