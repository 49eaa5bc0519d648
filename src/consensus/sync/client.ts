import { BitorchError, messageOf } from '#base';
import { type Codec, decode, encode } from '#ledger';
import type { FrameStream, Host } from '#network';
import { MAX_ANSWER_FRAME, REQUEST_TIMEOUT_MS, SYNC_PROTOCOL } from './constants.ts';
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

interface Waiting {
  resolve(frame: Uint8Array): void;
  reject(error: unknown): void;
}

/** Asks one peer, many questions at once over one stream. Each may throw PEER_UNREACHABLE, STREAM_CLOSED, CODEC_INVALID. */
export class SyncClient {
  readonly peer: string;
  readonly #host: Host;
  #stream: Promise<FrameStream> | undefined;
  readonly #waiting: Waiting[] = [];
  readonly #ended = new WeakSet<FrameStream>();

  constructor(peer: string, dependencies: { host: Host }) {
    this.peer = peer;
    this.#host = dependencies.host;
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
    this.#stream?.then((stream) => stream.abort()).catch(() => undefined);
  }

  async #ask<T>(request: SyncRequest, codec: Codec<T>): Promise<T | undefined> {
    this.#stream ??= this.#open();
    const stream = await this.#stream.catch((error: unknown) => {
      this.#stream = undefined;
      throw error;
    });
    const answer = Promise.withResolvers<Uint8Array>();
    const timer = setTimeout(() => this.#end(stream, new Error('no answer in time')), REQUEST_TIMEOUT_MS);
    this.#waiting.push(answer);
    stream.send(encode(requestCodec, request)).catch((error: unknown) => this.#end(stream, error));
    try {
      return decode(answerCodec(codec), await answer.promise, MAX_ANSWER_FRAME);
    } finally {
      clearTimeout(timer);
    }
  }

  async #open(): Promise<FrameStream> {
    const stream = await this.#host.open({ id: this.peer, addresses: [] }, SYNC_PROTOCOL, MAX_ANSWER_FRAME);
    this.#read(stream).catch((error: unknown) => this.#end(stream, error));
    return stream;
  }

  async #read(stream: FrameStream): Promise<void> {
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      const next = this.#waiting.shift();
      if (!next) throw new BitorchError('CODEC_INVALID', 'an answer that nobody asked for');
      next.resolve(frame);
    }
    throw new BitorchError('STREAM_CLOSED', 'the peer ended the stream');
  }

  #end(stream: FrameStream, error: unknown): void {
    if (this.#ended.has(stream)) return;
    this.#ended.add(stream);
    this.#stream = undefined;
    stream.abort();
    const failure = new BitorchError('STREAM_CLOSED', `${this.peer} does not answer: ${messageOf(error)}`);
    for (const { reject } of this.#waiting.splice(0)) reject(failure);
  }
}
