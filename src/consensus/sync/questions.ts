import { BitorchError, messageOf } from '#base';
import type { FrameStream, Host } from '#network';
import { REQUEST_TIMEOUT_MS } from './constants.ts';

interface Waiting {
  resolve(frame: Uint8Array): void;
  reject(error: unknown): void;
}

/** Questions to one peer over one stream, many at once, answered in order. */
export class Questions {
  readonly peer: string;
  readonly #protocol: string;
  readonly #maxAnswer: number;
  readonly #host: Host;
  #stream: Promise<FrameStream> | undefined;
  readonly #waiting: Waiting[] = [];
  readonly #ended = new WeakSet<FrameStream>();

  constructor(options: { peer: string; protocol: string; maxAnswer: number }, dependencies: { host: Host }) {
    this.peer = options.peer;
    this.#protocol = options.protocol;
    this.#maxAnswer = options.maxAnswer;
    this.#host = dependencies.host;
  }

  /**
   * The frame of the answer. Throws PEER_UNREACHABLE when no stream can be opened, STREAM_CLOSED when it ends
   * first.
   */
  async ask(question: Uint8Array): Promise<Uint8Array> {
    this.#stream ??= this.#open();
    const opening = this.#stream;
    const stream = await opening.catch((error: unknown) => {
      if (this.#stream === opening) this.#stream = undefined;
      throw error;
    });
    // The stream may have ended while this waited for it: the question would never settle.
    if (this.#ended.has(stream))
      throw new BitorchError('STREAM_CLOSED', `${this.peer} closed the stream at once`);
    const answer = Promise.withResolvers<Uint8Array>();
    const timer = setTimeout(() => this.#end(stream, new Error('no answer in time')), REQUEST_TIMEOUT_MS);
    this.#waiting.push(answer);
    stream.send(question).catch((error: unknown) => this.#end(stream, error));
    return answer.promise.finally(() => clearTimeout(timer));
  }

  close(): void {
    this.#stream?.then((stream) => stream.abort()).catch(() => undefined);
  }

  async #open(): Promise<FrameStream> {
    const stream = await this.#host.open({ id: this.peer, addresses: [] }, this.#protocol, this.#maxAnswer);
    this.#read(stream).catch((error: unknown) => this.#end(stream, error));
    return stream;
  }

  async #read(stream: FrameStream): Promise<void> {
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      const next = this.#waiting.shift();
      if (!next) throw new BitorchError('CODEC_INVALID', 'unsolicited answer');
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
