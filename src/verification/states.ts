import { setImmediate as nextTurn } from 'node:timers/promises';
import { BitorchError, bytesOf, equalBytes } from '#base';
import type { FrameStream } from '#network';
import type { SignedReceipt } from './chain.ts';
import { STATES_FRAME_BYTES } from './constants.ts';
import { chunkHash, rowHashes } from './hashes.ts';

/** Chunks that are hashed before others have a turn. */
const CHUNKS_A_TURN = 16;

/** Sends rows of `width` floats, as many in a frame as fit. */
export async function sendStates(stream: FrameStream, states: Float32Array, width: number): Promise<void> {
  const step = Math.max(1, Math.floor(STATES_FRAME_BYTES / (width * 4))) * width;
  for (let at = 0; at < states.length; at += step) await stream.send(bytesOf(states.subarray(at, at + step)));
}

/** The rows of positions [0, to), floats [to, width]. Throws FRAME_INVALID, also for too few; STREAM_CLOSED, TimeoutError. */
export async function receiveStates(
  stream: FrameStream,
  { to, width }: { to: number; width: number },
  { stallMs, signal }: { stallMs: number; signal: AbortSignal },
): Promise<Float32Array> {
  const states = new Float32Array(to * width);
  const bytes = bytesOf(states);
  for (let at = 0; at < bytes.length; ) {
    const frame = await stream.read(AbortSignal.any([signal, AbortSignal.timeout(stallMs)]));
    if (!frame) throw new BitorchError('FRAME_INVALID', `${at} of ${bytes.length} bytes came`);
    if (frame.length === 0 || frame.length % (width * 4) !== 0 || at + frame.length > bytes.length)
      throw new BitorchError(
        'FRAME_INVALID',
        'a frame of states holds whole rows, and no more than were asked for',
      );
    bytes.set(frame, at);
    at += frame.length;
  }
  return states;
}

/** Whether states, floats [rows, width] from position 0 on, are what the receipts of a chain have signed on one side. */
export async function areSigned(
  states: Float32Array,
  chain: readonly SignedReceipt[],
  side: 'input' | 'output',
): Promise<boolean> {
  for (const [i, { receipt }] of chain.entries()) {
    const { from, to, width } = receipt;
    const hashes = rowHashes(states.subarray(from * width, to * width), to - from);
    if (!equalBytes(chunkHash(hashes), receipt[side])) return false;
    if (i % CHUNKS_A_TURN === CHUNKS_A_TURN - 1) await nextTurn();
  }
  return true;
}
