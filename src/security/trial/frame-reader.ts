import { BitorchError, check, decodeCanonical, messageOf } from '#base';
import { FrameAssembler } from '#network';
import { frameSchema, MAX_FRAME_BYTES, type TrialFrame } from './messages.ts';

/** Strict reader of the frames that the sandbox writes. Keeps the first violation as `problem` and reads no further. */
export class FrameReader {
  readonly #assembler = new FrameAssembler(MAX_FRAME_BYTES);
  readonly #onProgress: (done: number, total: number) => void;
  /** Why reading stopped; undefined while all is well. */
  problem: string | undefined;
  /**
   * Whether the sandbox has started. What goes wrong earlier is the sandbox's fault; what goes wrong later may be the
   * model's.
   */
  ready = false;
  /** The result or failure, which is the last frame. */
  last: Exclude<TrialFrame, { type: 'progress' | 'ready' }> | undefined;

  constructor(onProgress: (done: number, total: number) => void) {
    this.#onProgress = onProgress;
  }

  /** Reads the next chunk of the output. Never throws: a violation is kept as `problem`. */
  add(chunk: Uint8Array): void {
    if (this.problem) return;
    try {
      this.#assembler.add(chunk.slice());
      for (let body = this.#assembler.next(); body; body = this.#assembler.next()) this.#take(body);
    } catch (error) {
      this.problem = messageOf(error);
    }
  }

  #take(body: Uint8Array): void {
    const frame = check(frameSchema, decodeCanonical(body, MAX_FRAME_BYTES), 'frame');
    if (this.last) throw new BitorchError('FRAME_INVALID', 'a frame follows the result');
    if (frame.type === 'ready') {
      if (this.ready) throw new BitorchError('FRAME_INVALID', 'a second ready frame');
      this.ready = true;
    } else if (frame.type === 'progress') this.#onProgress(frame.done, frame.total);
    else this.last = frame;
  }
}
