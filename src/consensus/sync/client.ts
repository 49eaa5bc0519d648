import { type Codec, decode, encode } from '#ledger';
import type { Host } from '#network';
import { MAX_ANSWER_FRAME, SYNC_PROTOCOL } from './constants.ts';
import {
  answerCodec,
  blockAnswerCodec,
  chunkAnswerCodec,
  type LightBlock,
  lightBlockCodec,
  requestCodec,
  type SyncRequest,
  snapshotsCodec,
} from './messages.ts';
import { Questions } from './questions.ts';

/** Asks one peer. Each may throw PEER_UNREACHABLE, STREAM_CLOSED, CODEC_INVALID. */
export class SyncClient {
  readonly peer: string;
  readonly #questions: Questions;

  constructor(peer: string, dependencies: { host: Host }) {
    this.peer = peer;
    this.#questions = new Questions(
      { peer, protocol: SYNC_PROTOCOL, maxAnswer: MAX_ANSWER_FRAME },
      dependencies,
    );
  }

  block(height: number) {
    return this.#ask({ type: 'block', value: { height } }, blockAnswerCodec);
  }

  light(height: number): Promise<LightBlock | undefined> {
    return this.#ask({ type: 'light', value: { height } }, lightBlockCodec);
  }

  snapshots() {
    return this.#ask({ type: 'snapshots', value: {} }, snapshotsCodec);
  }

  chunk(height: number, format: number, chunk: number) {
    return this.#ask({ type: 'chunk', value: { height, format, chunk } }, chunkAnswerCodec);
  }

  close(): void {
    this.#questions.close();
  }

  async #ask<T>(request: SyncRequest, codec: Codec<T>): Promise<T | undefined> {
    const answer = await this.#questions.ask(encode(requestCodec, request));
    return decode(answerCodec(codec), answer, MAX_ANSWER_FRAME);
  }
}
