import { setImmediate as nextTurn } from 'node:timers/promises';
import { BitorchError, bytesOf, equalBytes } from '#base';
import type { FrameStream } from '#network';
import type { SignedReceipt } from './chain.ts';
import { STATES_FRAME_BYTES } from './constants.ts';
import { chunkHash, rowHashes } from './hashes.ts';

/** Chunks that are hashed before yielding to the event loop. */
const CHUNKS_PER_TURN = 16;

/** Sends rows of `width` f32 in frames of at most STATES_FRAME_BYTES. */
export async function sendStates(stream: FrameStream, states: Float32Array, width: number): Promise<void> {
  const step = Math.max(1, Math.floor(STATES_FRAME_BYTES / (width * 4))) * width;
  for (let at = 0; at < states.length; at += step) await stream.send(bytesOf(states.subarray(at, at + step)));
}

/**
 * Receives the rows of positions [0, to): to × width f32. Throws FRAME_INVALID for partial, excess or missing rows,
 * STREAM_CLOSED, or TimeoutError when a frame takes longer than `stallMs`.
 */
export async function receiveStates(
  stream: FrameStream,
  { to, width }: { to: number; width: number },
  { stallMs, signal }: { stallMs: number; signal: AbortSignal },
): Promise<Float32Array> {
  const states = new Float32Array(to * width);
  const bytes = bytesOf(states);
  for (let at = 0; at < bytes.length; ) {
    const frame = await stream.read(AbortSignal.any([signal, AbortSignal.timeout(stallMs)]));
    if (!frame) throw new BitorchError('FRAME_INVALID', `received only ${at} of ${bytes.length} bytes`);
    if (frame.length === 0 || frame.length % (width * 4) !== 0 || at + frame.length > bytes.length)
      throw new BitorchError(
        'FRAME_INVALID',
        'a frame of states must contain whole rows and no more than requested',
      );
    bytes.set(frame, at);
    at += frame.length;
  }
  return states;
}

/** Whether states (positions × width f32, from position 0 on) match the hashes on one side of a chain of receipts. */
export async function areSigned(
  states: Float32Array,
  chain: readonly SignedReceipt[],
  side: 'input' | 'output',
): Promise<boolean> {
  for (const [i, { receipt }] of chain.entries()) {
    const { from, to, width } = receipt;
    const hashes = rowHashes(states.subarray(from * width, to * width), to - from);
    if (!equalBytes(chunkHash(hashes), receipt[side])) return false;
    if (i % CHUNKS_PER_TURN === CHUNKS_PER_TURN - 1) await nextTurn();
  }
  return true;
}
